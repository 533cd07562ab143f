-- Parcels, by SSCC, of which something new was said since the last build: themselves, what lies in
-- them, the shipment that they are of, the label on them.
{% if is_increment() -%}
select sscc18 from {{ changes('wms', 'packages') }}
union
select sscc18 from {{ changes('wms', 'package_items') }}
union
select {{ sscc18('sscc18') }} from {{ changes('threepl', 'shipping_advice_945') }}
union
-- A label that names no parcel stands for itself.
select coalesce({{ sscc18('reference') }}, id) from {{ changes('carrier', 'shipments') }}
union
select sscc18 from {{ ref('stg_wms__packages') }}
where shipment_no in (select shipment_no from {{ ref('int_shipment__touched') }})
union
select {{ sscc18('sscc18') }} from {{ ref('stg_threepl__shipping_advice_945') }}
where coalesce(shipment_no, order_no) in (select shipment_no from {{ ref('int_shipment__touched') }})
union
select sscc18 from {{ ref('stg_wms__package_items') }}
where cast(item_id as varchar) in (
    select source_key
    from {{ changed_since_before(ref('int_product__matched'), ['source_system', 'source_key', 'product_uid', 'sku']) }}
    where source_system = 'wms'
)
{%- else -%}
select cast(null as varchar) as sscc18 where false
{%- endif %}
