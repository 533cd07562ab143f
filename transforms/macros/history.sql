{#- When a snapshot is taken, with its zone; dbt-duckdb's own drops it. -#}
{% macro duckdb__snapshot_get_time() -%}
    cast({{ current_timestamp() }} as timestamp with time zone)
{%- endmacro %}

{#-
    The version of a history that was believed at an instant, to join by: `on x.product_uid =
    h.product_uid and known_at('h', 'x.decided_at')`.
-#}
{% macro known_at(history, instant) -%}
    {{ history }}.known_from <= {{ instant }}
    and ({{ history }}.known_to is null or {{ history }}.known_to > {{ instant }})
{%- endmacro %}
