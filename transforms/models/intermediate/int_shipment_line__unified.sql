{{ config(touched=['shipment', 'shipment_no', 'shipment_no']) }}

-- What each shipment takes of an order line: allocated until it ships, then shipped.
with shipments as (
    select * from {{ touched(ref('int_shipment__unified'), 'shipment', 'shipment_no') }}
),

lines as (
    select
        'wms' as source_system,
        'shipment_lines' as stream,
        lines.shipment_no || '/' || cast(lines.order_line_no as varchar) as source_key,
        lines.shipment_no,
        lines.order_line_no,
        matched.product_uid,
        lines.qty_ordered as requested_qty,
        case
            when shipments.status in ('released', 'picking')
                then greatest(lines.qty_ordered - lines.qty_shipped, 0)
            else 0
        end as allocated_qty,
        case when shipments.status <> 'cancelled' then lines.qty_shipped else 0 end as shipped_qty,
        case when matched.product_uid is null then 'unknown_article' end as orphan_reason,
        cast(lines.item_id as varchar) as waits_for,
        lines.loaded_at
    from {{ touched(ref('stg_wms__shipment_lines'), 'shipment', 'shipment_no') }} as lines
    left join shipments on shipments.source_system = 'wms' and lines.shipment_no = shipments.shipment_no
    left join {{ ref('int_product__matched') }} as matched
        on matched.source_system = 'wms' and cast(lines.item_id as varchar) = matched.source_key
    where not lines.is_deleted and not coalesce(shipments.is_deleted, false)

    union all

    select
        'threepl' as source_system,
        'shipping_order_940' as stream,
        lines.source_key,
        lines.shipment_no,
        lines.order_line_no,
        lines.product_uid,
        lines.qty as requested_qty,
        case when shipments.status = 'released' then lines.qty else 0 end as allocated_qty,
        0 as shipped_qty,
        lines.orphan_reason,
        lines.waits_for,
        lines.loaded_at
    from {{ touched(ref('int_shipping_order__settled'), 'shipment', 'shipment_no') }} as lines
    left join shipments on shipments.source_system = 'threepl' and lines.shipment_no = shipments.shipment_no

    union all

    select
        'threepl' as source_system,
        'shipping_advice_945' as stream,
        lines.source_key,
        lines.shipment_no,
        lines.order_line_no,
        lines.product_uid,
        0 as requested_qty,
        0 as allocated_qty,
        case when shipments.status = 'shipped' then lines.qty_shipped else 0 end as shipped_qty,
        lines.orphan_reason,
        lines.waits_for,
        lines.loaded_at
    from {{ touched(ref('int_shipping_advice__settled'), 'shipment', 'shipment_no') }} as lines
    left join shipments on shipments.source_system = 'threepl' and lines.shipment_no = shipments.shipment_no
),

-- Where the 3PL sends no line number, the order's first line of that article is meant.
first_lines as (
    select order_no, product_uid, min(line_no) as line_no
    from {{ ref('int_order_line__converted') }}
    where orphan_reason is null and order_no in (select order_no from shipments)
    group by order_no, product_uid
),

order_lines as (
    select order_no, line_no from {{ ref('int_order_line__converted') }}
)

select
    lines.source_system,
    lines.stream,
    lines.source_key,
    lines.shipment_no,
    shipments.shipment_uid,
    shipments.status as shipment_status,
    shipments.order_no,
    shipments.order_uid,
    shipments.node_uid,
    coalesce(lines.order_line_no, first_lines.line_no) as order_line_no,
    lines.product_uid,
    cast(lines.requested_qty as decimal(18, 6)) as requested_qty,
    cast(lines.allocated_qty as decimal(18, 6)) as allocated_qty,
    cast(lines.shipped_qty as decimal(18, 6)) as shipped_qty,
    case
        when shipments.shipment_no is null then 'unknown_shipment'
        when shipments.orphan_reason is not null then shipments.orphan_reason
        when lines.orphan_reason is not null then lines.orphan_reason
        when order_lines.line_no is null then 'unknown_order_line'
    end as orphan_reason,
    case when shipments.orphan_reason is not null then shipments.waits_for else lines.waits_for end
        as waits_for,
    lines.loaded_at
from lines
left join shipments
    on lines.source_system = shipments.source_system and lines.shipment_no = shipments.shipment_no
left join first_lines
    on shipments.order_no = first_lines.order_no and lines.product_uid = first_lines.product_uid
left join order_lines
    on
        shipments.order_no = order_lines.order_no
        and coalesce(lines.order_line_no, first_lines.line_no) = order_lines.line_no
