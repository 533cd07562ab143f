{#- How a 3PL names an article in one text: its GTIN and our SKU, either of which may be missing. -#}
{% macro article_key(gtin, sku) -%}
    coalesce({{ gtin }}, '') || '|' || coalesce({{ sku }}, '')
{%- endmacro %}

{#- An SSCC-18 with or without its application identifier 00. -#}
{% macro sscc18(raw) -%}
    case
        when length({{ raw }}) = 20 and substr({{ raw }}, 1, 2) = '00' then substr({{ raw }}, 3)
        else {{ raw }}
    end
{%- endmacro %}

{#- Where a 3PL's row stands: file, transaction set and line. -#}
{% macro document_key() -%}
    file_sha256 || '/' || cast(set_index as varchar) || '/' || cast(line_index as varchar)
{%- endmacro %}

{#-
    What a 3PL's line is called by its document, whatever file that came in: sent again, it stays the
    same. A document without a number is known by its file.
-#}
{% macro said_key(parts) -%}
    coalesce({{ parts | join(" || '/' || ") }}, file_sha256 || '/' || cast(set_index as varchar))
    || '/' || cast(line_index as varchar)
{%- endmacro %}

{#- Where freight is rated: country and first postal digit, like US-4. -#}
{% macro rate_zone(country, postal) -%}
    {{ country }} || '-' || upper(substr(trim({{ postal }}), 1, 1))
{%- endmacro %}

{#- A carrier's service, however its name is cased: metadata say "usps" where rates say "USPS". -#}
{% macro service_uid(carrier, service) -%}
    {{ uid('service', ['lower(' ~ carrier ~ ')', 'lower(' ~ service ~ ')']) }}
{%- endmacro %}
