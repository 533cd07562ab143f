{#-
    In the workbench a table is made anew in one statement. In the lake it is written only where its
    rows have changed, in one transaction, and made anew only when its columns have: a run over
    unchanged sources leaves the lake's snapshot as it was, and the catalog does not grow by every
    column of every table a run. In an increment, a model with `touched: [kind, value, key]`, or
    several such, gives the rows of the touched keys only, and only those are looked at.
-#}
{% materialization table, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set relation = this.incorporate(type='table') -%}
    {%- set candidate = make_temp_relation(relation) -%}
    {{ run_hooks(pre_hooks) }}
    {%- set is_part = is_increment() and config.get('touched') is not none -%}
    {% if config.get('keeps_before') and existing is not none %}
        {% do run_query('create or replace table ' ~ before(relation) ~ ' as from ' ~ relation) %}
    {% endif %}
    {% if existing is not none and is_unchanged() %}
        {% call noop_statement('main', 'UNCHANGED') -%} {%- endcall %}
        {{ run_hooks(post_hooks) }}
        {{ adapter.commit() }}
        {{ return({'relations': [relation]}) }}
    {% endif %}
    {% if not adapter.is_ducklake(relation) %}
        {% if existing is not none and not existing.is_table %}{% do adapter.drop_relation(existing) %}{% endif %}
        {% if is_part %}
            {% do adapter.ensure_transaction() %}
            {% do run_query(create_table_as(true, candidate, sql)) %}
            {% call statement('main') -%}{{ replace_touched(relation, candidate) }}{%- endcall %}
            {% do adapter.drop_relation(candidate) %}
            {% do note_changed(relation) %}
        {% else %}
            {%- set was = contents(relation) if is_increment() else none -%}
            {% call statement('main') -%}
                create or replace table {{ relation }} as ({{ sql }})
            {%- endcall %}
            {#- Keys that are touched are news each time, though they may be those of the last time. -#}
            {%- if is_increment() and contents(relation) != ('(0, NULL)' if config.get('is_delta') else was) -%}
                {% do note_changed(relation) %}
            {%- endif -%}
        {% endif %}
        {{ run_hooks(post_hooks) }}
        {{ adapter.commit() }}
        {{ return({'relations': [relation]}) }}
    {% endif %}
    {#- One transaction from here on: each costs a read of the catalog (25 ms measured). -#}
    {% do adapter.ensure_transaction() %}
    {% do run_query(create_table_as(true, candidate, sql)) %}
    {%- set is_kept = (
        existing is not none and existing.is_table and not should_full_refresh()
        and described(relation) == contracted_shape(candidate)
    ) -%}
    {%- set is_same = is_kept and not is_part and not rows_differ(candidate, relation) -%}
    {% if is_part and not is_kept %}
        {{ exceptions.raise_compiler_error(relation ~ " has other columns than its contract. Build everything: dbt run --full-refresh.") }}
    {% elif is_part %}
        {% call statement('main') -%}{{ replace_touched(relation, candidate) }}{%- endcall %}
    {% elif is_same %}
        {% call noop_statement('main', 'UNCHANGED') -%} {%- endcall %}
    {% else %}
        {% call statement('main') -%}
            {% if is_kept %}
            delete from {{ relation }};
            {% else %}
            {% if existing is not none %}drop {{ existing.type }} {{ existing }};{% endif %}
            create table {{ relation }} {{ table_columns(candidate) }};
            {% endif %}
            insert into {{ relation }} select * from {{ candidate }}
        {%- endcall %}
    {% endif %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {% do adapter.drop_relation(candidate) %}
    {#- Only now: a transaction writes to one database. -#}
    {% if not is_same %}{% do note_changed(relation) %}{% endif %}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{#- Name, type and nullability of each column, as they are. -#}
{% macro described(relation) -%}
    {%- set shape = [] -%}
    {%- for row in run_query('describe ' ~ relation).rows -%}
        {%- do shape.append((row[0], row[1], row[2])) -%}
    {%- endfor -%}
    {{ return(shape) }}
{%- endmacro %}

{#- The same as it should be: the model's columns, not null where the contract requires a value. -#}
{% macro contracted_shape(candidate) -%}
    {%- set shape = [] -%}
    {%- for name, type, nullable in described(candidate) -%}
        {%- set required = config.get('contract').enforced and is_required(model['columns'].get(name, {})) -%}
        {%- do shape.append((name, type, 'NO' if required else 'YES')) -%}
    {%- endfor -%}
    {{ return(shape) }}
{%- endmacro %}

{% macro table_columns(candidate) -%}
    (
    {%- for name, type, nullable in contracted_shape(candidate) %}
        {{ adapter.quote(name) }} {{ type }}{% if nullable == 'NO' %} not null{% endif %}{% if not loop.last %},{% endif %}
    {%- endfor %}
    )
{%- endmacro %}

{#- How many rows a relation has, and the sum of their 64-bit hashes: alike where the rows are. -#}
{% macro contents_of(relation) -%}
    (select (count(*), sum(hash(compared_row))) from {{ relation }} as compared_row)
{%- endmacro %}

{% macro contents(relation) -%}
    {{ return(run_query('select cast(' ~ contents_of(relation) ~ ' as varchar)').columns[0].values()[0]) }}
{%- endmacro %}

{% macro rows_differ(candidate, relation) -%}
    {%- set found = run_query(
        'select ' ~ contents_of(candidate) ~ ' is distinct from ' ~ contents_of(relation)
    ) -%}
    {{ return(found.columns[0].values()[0]) }}
{%- endmacro %}
