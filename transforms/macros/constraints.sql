{#- DuckLake knows NOT NULL and nothing else; keys and checks are judged by the contracts. -#}
{% macro duckdb__get_table_columns_and_constraints() -%}
    (
    {%- for column in model['columns'].values() %}
        {{ column['name'] }} {{ column['data_type'] }}{% if is_required(column) %} not null{% endif %}{% if not loop.last %},{% endif %}
    {%- endfor %}
    )
{%- endmacro %}

{% macro is_required(column) -%}
    {{ return(column.get('constraints', []) | selectattr('type', 'equalto', 'not_null') | list | length > 0) }}
{%- endmacro %}
