{{ config(touched=['fulfilment', 'fo_uid', 'fo_uid']) }}

-- What a node has been told to ship. No node answers a request yet (a 997 speaks of a document and
-- not of an order), so what it accepted is what it acted upon.
with told as (
    select
        'threepl' as source_system, shipment_no, max(version) as version, min(ship_by) as ship_by
    from {{ touched(ref('int_shipping_order__settled'), 'fulfilment', 'shipment_no') }} as orders
    group by shipment_no
),

shorts as (
    select fo_uid, sum(short_qty) as short_qty
    from {{ touched(ref('fulfilment_order_line'), 'fulfilment', 'fo_uid') }} as lines
    group by fo_uid
),

shipments as (
    select *, {{ uid('fulfilment_order', ['shipment_uid']) }} as fo_uid
    from {{ touched(ref('int_shipment__unified'), 'fulfilment', 'shipment_no') }} as shipments
    where orphan_reason is null
),

final as (
    select
        shipments.fo_uid,
        shipments.shipment_no as fo_no,
        shipments.order_uid,
        shipments.node_uid,
        coalesce(told.version, 1) as version,
        cast(null as varchar) as parent_fo_uid,
        case shipments.status
            when 'released' then 'open'
            when 'picking' then 'in_progress'
            when 'shipped' then case when shorts.short_qty > 0 then 'incomplete' else 'closed' end
            else 'cancelled'
        end as status,
        case shipments.status
            when 'released' then 'submitted'
            when 'picking' then 'accepted'
            when 'shipped' then 'closed'
            else 'cancellation_accepted'
        end as request_status,
        shipments.released_at,
        told.ship_by as ship_by_date,
        cast(null as varchar) as decision_uid,
        shipments.source_system,
        shipments.shipment_no as source_key,
        shipments.source_updated_at,
        shipments.loaded_at,
        shipments.is_deleted
    from shipments
    left join told
        on
            shipments.source_system = told.source_system
            and shipments.shipment_no = told.shipment_no
    left join shorts on shipments.fo_uid = shorts.fo_uid
)

{{ canonical('fulfilment_order', 'final') }}
