{{ config(touched=['order', 'order_uid', 'order_uid']) }}

-- An order is as far as its lines are, those wholly cancelled aside.
with lines as (
    select
        order_uid,
        sum(case when status <> 'cancelled' then ordered_qty else 0 end) as ordered_qty,
        sum(case when status <> 'cancelled' then cancelled_qty else 0 end) as cancelled_qty,
        sum(allocated_qty) as allocated_qty,
        sum(shipped_qty) as shipped_qty
    from {{ touched(ref('sales_order_line'), 'order', 'order_uid') }} as lines
    where not is_deleted
    group by order_uid
),

orders as (
    select *, {{ uid('order', ['order_no']) }} as order_uid
    from {{ touched(ref('stg_erp__sales_orders'), 'order', 'order_no') }} as orders
),

final as (
    select
        orders.order_uid,
        orders.order_no,
        orders.channel,
        {{ uid('party', ['orders.partner_id']) }} as party_uid,
        orders.placed_at,
        orders.promised_by,
        orders.priority,
        orders.currency,
        orders.total,
        case
            when orders.status = 'cancelled' then 'cancelled'
            -- No line of it can be read: nothing has become of it as far as we know.
            when lines.order_uid is null then 'placed'
            else {{ fulfilment_status(
                'lines.ordered_qty', 'lines.cancelled_qty', 'lines.allocated_qty', 'lines.shipped_qty'
            ) }}
        end as status,
        orders.ship_to_country,
        orders.ship_to_postal,
        {{ rate_zone('orders.ship_to_country', 'orders.ship_to_postal') }} as ship_to_zone,
        'erp' as source_system,
        orders.order_no as source_key,
        orders.source_updated_at,
        orders.loaded_at,
        orders.is_deleted
    from orders
    left join lines on orders.order_uid = lines.order_uid
)

{{ canonical('sales_order', 'final') }}
