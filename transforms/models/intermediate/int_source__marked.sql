-- How far each stream has come, in its source's own clock: the newest change that it told us of.
{%- set marks = {
    'erp': [
        'products', 'product_packs', 'warehouses', 'partners', 'sales_orders', 'sales_order_lines',
        'purchase_orders', 'purchase_order_lines', 'stock', 'stock_postings', 'freight_rates',
    ],
    'wms': [
        'facilities', 'items', 'bins', 'lots', 'stock', 'shipments', 'shipment_lines', 'packages',
        'package_items',
    ],
    'shop': ['listings', 'inventory_levels'],
    'carrier': ['trackers', 'shipments'],
} %}
{#- Rows that never change have no time of their last change. -#}
{%- set marked_by = {'stock_postings': 'posted_at'} %}
{%- set documents = ['inventory_846', 'shipping_order_940', 'transfer_receipt_944', 'shipping_advice_945', 'ship_notice_856'] %}

{% for source, streams in marks.items() %}
{%- for stream in streams -%}
select '{{ source }}' as source_system, '{{ stream }}' as stream, max({{ marked_by.get(stream, 'source_updated_at') }}) as marked_at
from {{ ref('stg_' ~ source ~ '__' ~ stream) }}
union all
{% endfor -%}
{%- endfor -%}
{% for stream in documents -%}
select 'threepl' as source_system, '{{ stream }}' as stream, max(sent_at) as marked_at
from {{ ref('stg_threepl__' ~ stream) }}
{% if not loop.last %}union all
{% endif %}
{%- endfor %}
