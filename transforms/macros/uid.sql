{#-
    The hub's identity of an entity: a readable prefix and 64 bits of a hash of its natural key.
    It depends on the key alone, so that a rebuild from nothing mints the same one. The unit
    separator between columns keeps ('a', 'bc') apart from ('ab', 'c'); a null is not an empty text.
-#}
{% macro uid(entity, columns) -%}
    {%- set prefixes = {
        'product': 'prd', 'node': 'nod', 'service': 'svc', 'order': 'ord', 'party': 'pty',
        'shipment': 'shp', 'package': 'pkg', 'event': 'evt',
        'task': 'tsk',
        'lot': 'lot', 'location': 'loc', 'purchase_order': 'pur', 'inbound': 'inb', 'receipt': 'rcp',
        'movement': 'mov', 'count': 'cnt', 'fulfilment_order': 'ffo', 'allocation': 'alc', 'pick': 'pck',
    } -%}
    {%- if entity not in prefixes -%}
        {{ exceptions.raise_compiler_error("uid('" ~ entity ~ "') is not an entity. It may be: " ~ prefixes.keys() | join(', ') ~ ".") }}
    {%- endif -%}
    '{{ prefixes[entity] }}_' || substr({{ hash_of(columns) }}, 1, 16)
{%- endmacro %}

{% macro hash_of(columns) -%}
    md5(
        {%- for column in columns %}
        coalesce(cast({{ column }} as varchar), chr(30)){% if not loop.last %} || chr(31) ||{% endif %}
        {%- endfor %}
    )
{%- endmacro %}
