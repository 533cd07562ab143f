{{ config(touched=['fulfilment', 'shipment_uid', 'shipment_uid']) }}

with shipments as (
    select * from {{ touched(ref('int_shipment__unified'), 'fulfilment', 'shipment_no') }} as shipments
    where orphan_reason is null
),

final as (
    select
        shipments.shipment_uid,
        shipments.shipment_no,
        {{ uid('fulfilment_order', ['shipments.shipment_uid']) }} as fo_uid,
        shipments.order_uid,
        shipments.node_uid,
        services.service_uid,
        shipments.carrier,
        shipments.service,
        shipments.status,
        shipments.released_at,
        shipments.shipped_at,
        charges.est_delivery_at,
        charges.cost,
        charges.currency,
        shipments.source_system,
        shipments.shipment_no as source_key,
        shipments.source_updated_at,
        shipments.loaded_at,
        shipments.is_deleted
    from shipments
    left join {{ ref('int_service__matched') }} as services
        on
            shipments.source_system = services.source_system
            and shipments.carrier || '/' || shipments.service = services.source_key
    left join {{ ref('int_shipment__charged') }} as charges
        on shipments.shipment_uid = charges.shipment_uid
)

{{ canonical('shipment', 'final') }}
