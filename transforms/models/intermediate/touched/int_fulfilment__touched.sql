-- Shipments whose parcels, labels or trackers are looked at again as well, with what they are called.
{% if is_increment() -%}
with services as (
    select source_system, source_key
    from {{ changed_since_before(ref('int_service__matched'), ['source_system', 'source_key', 'service_uid']) }}
),

keys as (
    select shipment_no from {{ ref('int_shipment__touched') }}
    union
    select shipment_no from {{ ref('int_shipment__unified') }}
    where (source_system, carrier || '/' || service) in (select (source_system, source_key) from services)
    union
    select shipment_no from {{ changes('wms', 'packages') }}
    union
    select shipment_no from {{ ref('stg_wms__packages') }}
    where sscc18 in (select sscc18 from {{ ref('int_package__touched') }})
    union
    select coalesce(shipment_no, order_no) from {{ ref('stg_threepl__shipping_advice_945') }}
    where {{ sscc18('sscc18') }} in (select sscc18 from {{ ref('int_package__touched') }})
),

named as (
    select
        keys.shipment_no,
        {{ uid('shipment', ['systems.source_system', 'keys.shipment_no']) }} as shipment_uid
    from keys
    cross join (values ('wms'), ('threepl')) as systems (source_system)
)

select shipment_no, shipment_uid, {{ uid('fulfilment_order', ['shipment_uid']) }} as fo_uid from named
{%- else -%}
select cast(null as varchar) as shipment_no, cast(null as varchar) as shipment_uid, cast(null as varchar) as fo_uid
where false
{%- endif %}
