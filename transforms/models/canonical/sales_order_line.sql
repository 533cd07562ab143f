{{ config(touched=['order', 'order_uid', 'order_uid']) }}

with fulfilled as (
    select
        order_no,
        order_line_no,
        sum(allocated_qty) as allocated_qty,
        sum(shipped_qty) as shipped_qty
    from {{ touched(ref('int_shipment_line__unified'), 'order', 'order_no') }} as lines
    where orphan_reason is null
    group by order_no, order_line_no
),

counted as (
    select
        {{ uid('order', ['lines.order_no']) }} as order_uid,
        lines.*,
        cast(coalesce(fulfilled.allocated_qty, 0) as decimal(18, 6)) as allocated_qty,
        cast(coalesce(fulfilled.shipped_qty, 0) as decimal(18, 6)) as shipped_qty
    from {{ touched(ref('int_order_line__converted'), 'order', 'order_no') }} as lines
    left join fulfilled
        on lines.order_no = fulfilled.order_no and lines.line_no = fulfilled.order_line_no
    where lines.orphan_reason is null
),

final as (
    select
        order_uid,
        line_no,
        product_uid,
        ordered_qty,
        ordered_uom,
        ordered_qty_raw,
        cancelled_qty,
        allocated_qty,
        shipped_qty,
        greatest(ordered_qty - cancelled_qty - allocated_qty - shipped_qty, 0) as open_qty,
        unit_price,
        currency,
        {{ fulfilment_status('ordered_qty', 'cancelled_qty', 'allocated_qty', 'shipped_qty') }} as status,
        'erp' as source_system,
        order_no || '/' || cast(line_no as varchar) as source_key,
        source_updated_at,
        loaded_at,
        is_deleted
    from counted
)

{{ canonical('sales_order_line', 'final') }}
