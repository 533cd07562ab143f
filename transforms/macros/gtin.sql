{#- A GTIN of any length as GTIN-14: shorter ones are padded with zeros (GS1 General Specifications 3.3.2). -#}
{% macro gtin14(gtin) -%}
    case when length({{ gtin }}) <= 14 then lpad({{ gtin }}, 14, '0') end
{%- endmacro %}

{#-
    A GTIN as people and shops write it, blanks and hyphens left out, as GTIN-14; null where it is
    none: not 8 to 14 digits, or another check digit than the others give (GS1 General
    Specifications 7.9: from the right, the digits count three and one in turn).
-#}
{% macro read_gtin14(raw) -%}
    {%- set digits = "regexp_replace(" ~ raw ~ ", '[ -]', '', 'g')" -%}
    {%- set padded = "lpad(" ~ digits ~ ", 14, '0')" -%}
    case
        when regexp_matches({{ digits }}, '^[0-9]{8,14}$') and (
            {%- for place in range(1, 15) %}
            {{ 3 if place % 2 else 1 }} * cast(substr({{ padded }}, {{ place }}, 1) as integer)
            {%- if not loop.last %} + {% endif -%}
            {%- endfor %}
        ) % 10 = 0
            then {{ padded }}
    end
{%- endmacro %}
