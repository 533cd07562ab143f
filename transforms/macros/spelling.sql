{#- A code as everybody writes it: letters and digits only, in one case, without a leading "SKU". -#}
{% macro plain_code(raw) -%}
    regexp_replace(regexp_replace(lower({{ raw }}), '[^a-z0-9]', '', 'g'), '^sku', '')
{%- endmacro %}

{#- A name in one spelling: accents, case and punctuation left out, one blank between words. -#}
{% macro plain_name(raw) -%}
    trim(regexp_replace(lower(strip_accents({{ raw }})), '[^a-z0-9]+', ' ', 'g'))
{%- endmacro %}

{#- The numbers in a plain name, in order: two articles that differ in one are two articles. -#}
{% macro numbers_in(plain) -%}
    trim(regexp_replace({{ plain }}, '[^0-9]+', ' ', 'g'))
{%- endmacro %}
