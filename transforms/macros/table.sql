{#-
    In the workbench a table is made anew in one statement. In the lake a table is written only when its rows have changed, in one transaction, and made anew only when
    its columns have: a run over unchanged sources leaves the lake's snapshot as it was, and the
    catalog does not grow by every column of every table a run.
-#}
{% materialization table, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set relation = this.incorporate(type='table') -%}
    {%- set candidate = make_temp_relation(relation) -%}
    {{ run_hooks(pre_hooks) }}
    {% if not adapter.is_ducklake(relation) %}
        {% if existing is not none and not existing.is_table %}{% do adapter.drop_relation(existing) %}{% endif %}
        {% call statement('main') -%}
            create or replace table {{ relation }} as ({{ sql }})
        {%- endcall %}
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
    {% if is_kept and not rows_differ(candidate, relation) %}
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

{#- Whether the rows differ, by how many there are and the sum of their 64-bit hashes. -#}
{% macro rows_differ(candidate, relation) -%}
    {%- set summed = 'select (count(*), sum(hash(compared_row))) from ' -%}
    {%- set found = run_query(
        'select (' ~ summed ~ candidate ~ ' as compared_row) is distinct from ('
        ~ summed ~ relation ~ ' as compared_row)'
    ) -%}
    {{ return(found.columns[0].values()[0]) }}
{%- endmacro %}
