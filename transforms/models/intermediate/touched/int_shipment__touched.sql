-- Shipments to look at again: those that changed, and all of a touched order.
{% if is_increment() -%}
select shipment_no from {{ ref('int_shipment__changed') }}
union
select shipment_no from {{ ref('stg_wms__shipments') }}
where order_no in (select order_no from {{ ref('int_order__touched') }})
union
select coalesce(shipment_no, order_no) from {{ ref('stg_threepl__shipping_order_940') }}
where order_no in (select order_no from {{ ref('int_order__touched') }})
union
select coalesce(shipment_no, order_no) from {{ ref('stg_threepl__shipping_advice_945') }}
where order_no in (select order_no from {{ ref('int_order__touched') }})
{%- else -%}
select cast(null as varchar) as shipment_no where false
{%- endif %}
