{#- DuckLake knows NOT NULL and nothing else; keys and checks are judged by the contracts. -#}
{% macro duckdb__get_table_columns_and_constraints() -%}
    (
    {%- for column in model['columns'].values() %}
        {{ column['name'] }} {{ column['data_type'] }}
        {%- if column['constraints'] | selectattr('type', 'equalto', 'not_null') | list %} not null{% endif %}
        {%- if not loop.last %},{% endif %}
    {%- endfor %}
    )
{%- endmacro %}
