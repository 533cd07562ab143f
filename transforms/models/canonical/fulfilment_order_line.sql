{{ config(touched=['fulfilment', 'fo_uid', 'fo_uid']) }}

-- An order line of a fulfilment order, whatever documents speak of it (a 940 asks, a 945 ships).
with lines as (
    select
        shipment_uid,
        order_uid,
        order_line_no,
        min(source_system) as source_system,
        min(shipment_no) as shipment_no,
        min(shipment_status) as shipment_status,
        min(product_uid) as product_uid,
        sum(requested_qty) as qty,
        sum(shipped_qty) as shipped_qty,
        max(loaded_at) as loaded_at
    from {{ touched(ref('int_shipment_line__unified'), 'fulfilment', 'shipment_no') }} as lines
    where orphan_reason is null
    group by shipment_uid, order_uid, order_line_no
),

picked as (
    select shipment_uid, order_line_no, sum(qty) as qty
    from {{ touched(ref('int_pick__placed'), 'fulfilment', 'shipment_no') }} as picks
    where orphan_reason is null and not is_deleted
    group by shipment_uid, order_line_no
),

packed as (
    select packages.shipment_uid, items.order_line_no, sum(items.qty) as qty
    from {{ ref('int_package_item__unified') }} as items
    inner join {{ touched(ref('int_package__unified'), 'fulfilment', 'shipment_no') }} as packages
        on items.package_uid = packages.package_uid
    where items.orphan_reason is null and not items.is_deleted
    group by packages.shipment_uid, items.order_line_no
),

final as (
    select
        {{ uid('fulfilment_order', ['lines.shipment_uid']) }} as fo_uid,
        lines.order_line_no,
        lines.order_uid,
        lines.product_uid,
        lines.qty,
        case when lines.source_system = 'wms' then coalesce(picked.qty, 0) end as picked_qty,
        coalesce(packed.qty, 0) as packed_qty,
        lines.shipped_qty,
        case
            when lines.shipment_status = 'shipped' then greatest(lines.qty - lines.shipped_qty, 0)
            else 0
        end as short_qty,
        cast(null as varchar) as short_reason,
        lines.source_system,
        lines.shipment_no || '/' || cast(lines.order_line_no as varchar) as source_key,
        cast(null as timestamptz) as source_updated_at,
        lines.loaded_at,
        false as is_deleted
    from lines
    left join picked
        on lines.shipment_uid = picked.shipment_uid and lines.order_line_no = picked.order_line_no
    left join packed
        on lines.shipment_uid = packed.shipment_uid and lines.order_line_no = packed.order_line_no
)

{{ canonical('fulfilment_order_line', 'final') }}
