{#- Whether a time as text says how far it is from UTC. -#}
{% macro has_offset(raw) -%}
    regexp_matches({{ raw }}, '(Z|[+-][0-9]{2}:?[0-9]{2})$')
{%- endmacro %}

{#- A local time as text, in a zone of the IANA tz database, as an instant; null where it is none. -#}
{% macro at_zone(raw, zone) -%}
    timezone({{ zone }}, try_cast({{ raw }} as timestamp))
{%- endmacro %}

{#- The zone in which a carrier tells times without offset and place, by `carrier_zones`; else null. -#}
{% macro carrier_zone(carrier) -%}
    case lower({{ carrier }})
        {%- for name, zone in var('carrier_zones').items() %}
        when '{{ name | lower }}' then '{{ zone }}'
        {%- endfor %}
    end
{%- endmacro %}
