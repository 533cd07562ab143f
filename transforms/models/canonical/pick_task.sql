{{ config(touched=['fulfilment', 'fo_uid', 'fo_uid']) }}

with final as (
    select
        {{ uid('pick', ['pick_id']) }} as pick_uid,
        {{ uid('fulfilment_order', ['shipment_uid']) }} as fo_uid,
        order_line_no,
        location_uid,
        product_uid,
        lot_code,
        qty,
        cast(null as varchar) as robot_uid,
        cast(null as timestamptz) as assigned_at,
        picked_at as done_at,
        cast(null as decimal(12, 3)) as travel_m,
        'wms' as source_system,
        cast(pick_id as varchar) as source_key,
        picked_at as source_updated_at,
        loaded_at,
        is_deleted
    from {{ touched(ref('int_pick__placed'), 'fulfilment', 'shipment_no') }} as picks
    where orphan_reason is null
)

{{ canonical('pick_task', 'final') }}
