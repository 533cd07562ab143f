{#-
    A build costs what changed: where the last one stands (orchestration/increment.py says so), the
    tables `int_<kind>__touched` hold the keys of what the sources changed since, and a model made
    of `touched` inputs is computed for those keys only. Otherwise everything is made anew, and the
    same models say so by being none of this: the two give equal tables, which a test holds.
-#}
{% macro is_increment() -%}
    {#- While dbt reads the project it is one, so that dbt sees which models the keys come from. -#}
    {%- if not execute -%}{{ return(true) }}{%- endif -%}
    {%- set is_built = flags.WHICH in ('run', 'build') and not flags.FULL_REFRESH -%}
    {{ return(is_built and env_var('CROSSDOCK_SINCE', '') != '') }}
{%- endmacro %}

{#-
    A relation, or in an increment those rows of it whose `value` is a key of `int_<kind>__touched`.
    Rows without a value are looked at always. `ways`, instead: more than one such [kind, value, key].
-#}
{% macro touched(relation, kind=none, value=none, key=none, ways=none) -%}
    {%- if is_increment() -%}
    ( select * from {{ relation }} where {{ is_touched(ways or [[kind, value, key or value]]) }} )
    {%- else -%}
    {{ relation }}
    {%- endif -%}
{%- endmacro %}

{% macro is_touched(ways) -%}
    {%- for kind, value, key in ways -%}
    {{ value }} in (select {{ key }} from {{ ref('int_' ~ kind ~ '__touched') }}) or {# -#}
    {%- endfor -%}
    ({{ ways | map(attribute=1) | join(' is null and ') }} is null)
{%- endmacro %}

{#-
    The rows of a raw table that the sources changed since the last build, each as it was and as it
    is: a row that moved from one order to another has touched both. Only within an increment.
-#}
{% macro changes(source, table) -%}
    {%- if not execute -%}{{ return('') }}{%- endif -%}
    {%- set ranges = fromjson(env_var('CROSSDOCK_CHANGES')).get(source ~ '.' ~ table, []) -%}
    (
        {%- for first, last in ranges %}
        from ducklake_table_changes('lake', '{{ source }}', '{{ table }}', {{ first }}, {{ last }})
        {%- if not loop.last %} union all{% endif %}
        {%- else %}
        select *, '' as change_type from lake.{{ source }}.{{ table }} where false
        {%- endfor %}
        {%- set keys = held_by(source, table) | join(', ') -%}
        {%- set held = source ~ '__' ~ table -%}
        {%- for first, last in fromjson(env_var('CROSSDOCK_CHANGES')).get('held.' ~ held, []) if keys %}
        {#- Rows that were held apart or healed come or go as if the source had sent them. #}
        union all by name
        select *, 'update_postimage' as change_type
        from lake.{{ source }}.{{ table }}
        semi join ducklake_table_changes('lake', 'held', '{{ held }}', {{ first }}, {{ last }}) using ({{ keys }})
        {%- endfor %}
    )
{%- endmacro %}

{#- The same for some columns: their values that went or came, however often a row was sent again. -#}
{% macro changed_values(source, table, columns) -%}
    (
        select {{ columns | join(', ') }}
        from {{ changes(source, table) }}
        group by {{ columns | join(', ') }}
        having sum(case when change_type in ('insert', 'update_postimage') then 1 else -1 end) <> 0
    )
{%- endmacro %}

{#-
    Whether nothing that a model reads has changed in this increment, so that it need not be built.
    `build.changed` names what has: raw tables from the start, models as they are built.
-#}
{% macro is_unchanged() -%}
    {%- if not is_increment() -%}{{ return(false) }}{%- endif -%}
    {%- set changed = run_query('select name from workbench.build.changed').columns[0].values() -%}
    {%- for parent in model.depends_on.nodes if has_changed(parent, changed) -%}
        {{ return(false) }}
    {%- endfor -%}
    {{ return(true) }}
{%- endmacro %}

{#- A view changes with what it reads. -#}
{% macro has_changed(unique_id, changed) -%}
    {%- set node = graph.sources.get(unique_id) or graph.nodes[unique_id] -%}
    {%- if node.config.materialized not in ('view', 'ephemeral') -%}
        {{ return(node.schema ~ '.' ~ node.name in changed) }}
    {%- endif -%}
    {%- for parent in node.depends_on.nodes if has_changed(parent, changed) -%}
        {{ return(true) }}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro %}

{% macro note_changed(relation) -%}
    {%- if is_increment() -%}
        {%- do run_query("insert into workbench.build.changed values ('" ~ relation.schema ~ '.' ~ relation.identifier ~ "')") -%}
    {%- endif -%}
{%- endmacro %}

{#- What a table of the workbench with `keeps_before` held before this build. -#}
{% macro before(relation) -%}
    {{ return(api.Relation.create(relation.database, relation.schema, relation.identifier ~ '__before')) }}
{%- endmacro %}

{#- Values of such a table that this build brought or took. -#}
{% macro changed_since_before(relation, columns) -%}
    {%- set listed = columns | join(', ') -%}
    (
        (select {{ listed }} from {{ relation }} except select {{ listed }} from {{ before(relation) }})
        union
        (select {{ listed }} from {{ before(relation) }} except select {{ listed }} from {{ relation }})
    )
{%- endmacro %}

{#- The numbers of those rows of a table that the keys which its model names in `touched` are about. -#}
{% macro touched_rows(relation) -%}
    {%- set named = config.get('touched') -%}
    {%- set ways = [named] if named[0] is string else named -%}
    {%- for kind, value, key in ways -%}
    select rowid from {{ relation }} where {{ value }} in (select {{ key }} from {{ ref('int_' ~ kind ~ '__touched') }})
    union all
    {% endfor -%}
    select rowid from {{ relation }} where {{ ways | map(attribute=1) | join(' is null and ') }} is null
{%- endmacro %}

{#-
    Puts a candidate's rows in the place of those that a table has for the touched keys. A row that
    stays as it is is left alone: rows are told by their hashes, equal ones by their number. Their own
    numbers are looked for first, which reads the keys' columns only.
-#}
{% macro replace_touched(relation, candidate) -%}
    create or replace temp table stored_part as
    select
        rowid as stored_row,
        hash(stored) as row_hash,
        row_number() over (partition by hash(stored)) as nth
    from {{ relation }} as stored
    where rowid in ({{ touched_rows(relation) }});
    create or replace temp table coming_part as
    select
        rowid as coming_row,
        hash(coming) as row_hash,
        row_number() over (partition by hash(coming)) as nth
    from {{ candidate }} as coming;
    delete from {{ relation }} where rowid in (
        select stored_row from stored_part anti join coming_part using (row_hash, nth)
    );
    insert into {{ relation }}
    select * from {{ candidate }} where rowid in (
        select coming_row from coming_part anti join stored_part using (row_hash, nth)
    );
    drop table stored_part;
    drop table coming_part
{%- endmacro %}

{#- Whoever builds, the last build's mark no longer holds: `crossdock` sets the next at the end. -#}
{% macro forget_mark() -%}
    {%- if flags.WHICH in ('run', 'build', 'snapshot') -%}
    create schema if not exists workbench.build;
    create table if not exists workbench.build.mark (project varchar, snapshot bigint);
    delete from workbench.build.mark
    {%- endif -%}
{%- endmacro %}
