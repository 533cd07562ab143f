{{ config(touched=['fulfilment', "split_part(source_key, '/', 1)", 'shipment_no']) }}

-- Open lines of shipments promise stock, as inventory_atp counts them: those of an order that
-- nobody knows as well, for a node will ship them all the same.
with promised as (
    select
        source_system,
        shipment_no,
        shipment_uid,
        order_uid,
        order_line_no,
        node_uid,
        product_uid,
        sum(allocated_qty) as qty,
        max(loaded_at) as loaded_at
    from {{ touched(ref('int_shipment_line__unified'), 'fulfilment', 'shipment_no') }} as lines
    where node_uid is not null and product_uid is not null and allocated_qty > 0
    group by
        source_system, shipment_no, shipment_uid, order_uid, order_line_no, node_uid, product_uid
),

picked as (
    select shipment_uid, order_line_no, sum(qty) as qty
    from {{ touched(ref('int_pick__placed'), 'fulfilment', 'shipment_no') }} as picks
    where not is_deleted
    group by shipment_uid, order_line_no
),

keyed as (
    select
        promised.*,
        coalesce(picked.qty, 0) as picked_qty,
        promised.source_system || '/' || promised.shipment_no || '/'
        || coalesce(cast(promised.order_line_no as varchar), '') || '/' || promised.product_uid
            as idempotency_key
    from promised
    left join picked
        on
            promised.shipment_uid = picked.shipment_uid
            and promised.order_line_no = picked.order_line_no
),

final as (
    select
        {{ uid('allocation', ['idempotency_key']) }} as allocation_uid,
        order_uid,
        order_line_no,
        case when order_uid is not null then {{ uid('fulfilment_order', ['shipment_uid']) }} end as fo_uid,
        node_uid,
        product_uid,
        '' as lot_code,
        qty,
        case when picked_qty >= qty then 'picked' else 'firm' end as status,
        cast(null as timestamptz) as expires_at,
        idempotency_key,
        source_system,
        shipment_no || '/' || coalesce(cast(order_line_no as varchar), '') as source_key,
        cast(null as timestamptz) as source_updated_at,
        loaded_at,
        false as is_deleted
    from keyed
)

{{ canonical('allocation', 'final') }}
