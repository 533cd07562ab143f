-- Orders that may read otherwise than after the last build: their own rows, their articles, or a
-- shipment that names them or named them.
{% if is_increment() -%}
with keys as (
    select order_no from {{ changes('erp', 'sales_orders') }}
    union
    select order_no from {{ changes('erp', 'sales_order_lines') }}
    union
    select order_no from {{ ref('stg_erp__sales_order_lines') }}
    where sku in (
        select source_key
        from {{ changed_since_before(ref('int_product__matched'), ['source_system', 'source_key', 'product_uid', 'sku']) }}
        where source_system = 'erp'
        union
        select matched.source_key
        from {{ ref('int_product__matched') }} as matched
        where
            matched.source_system = 'erp'
            and matched.product_uid in (
                select product_uid
                from {{ changed_since_before(ref('int_uom__converted'), ['product_uid', 'uom', 'qty_num', 'qty_den', 'conflict']) }}
            )
    )
    union
    select order_no from {{ changes('wms', 'shipments') }}
    union
    select order_no from {{ changes('threepl', 'shipping_order_940') }}
    union
    select order_no from {{ changes('threepl', 'shipping_advice_945') }}
    union
    select order_no from {{ ref('stg_wms__shipments') }}
    where shipment_no in (select shipment_no from {{ ref('int_shipment__changed') }})
    union
    select order_no from {{ ref('stg_threepl__shipping_order_940') }}
    where coalesce(shipment_no, order_no) in (select shipment_no from {{ ref('int_shipment__changed') }})
    union
    select order_no from {{ ref('stg_threepl__shipping_advice_945') }}
    where coalesce(shipment_no, order_no) in (select shipment_no from {{ ref('int_shipment__changed') }})
)

select order_no, {{ uid('order', ['order_no']) }} as order_uid from keys
{%- else -%}
select cast(null as varchar) as order_no, cast(null as varchar) as order_uid where false
{%- endif %}
