{#-
    An entity that no source feeds yet: its contract's columns and types, and no row. Its contract
    says `fed: false`; a source that comes replaces this with a select ending in `canonical`.
-#}
{% macro unfed(entity) -%}
    {%- set columns = contracted_columns(entity) -%}
    select
        {%- for column in columns %}
        cast(null as {{ column.data_type }}) as {{ column.name }}{% if not loop.last %},{% endif %}
        {%- else %}
        '' as record_hash
        {%- endfor %}
    where 1 = 0
{%- endmacro %}
