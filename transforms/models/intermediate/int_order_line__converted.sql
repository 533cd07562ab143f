{{ config(touched=['order', 'order_no', 'order_no']) }}

-- Order lines in base units of articles that we know; the rest keep the reason why not.
with lines as (
    select * from {{ touched(ref('stg_erp__sales_order_lines'), 'order', 'order_no') }}
),

converted as (
    select
        lines.order_no,
        lines.line_no,
        orders.currency,
        orders.status as erp_order_status,
        matched.sku,
        matched.product_uid,
        lines.ordered_uom,
        lines.ordered_qty as ordered_qty_raw,
        {{ to_base('lines.ordered_qty', 'uoms.qty_num', 'uoms.qty_den') }} as ordered_qty,
        {{ to_base('lines.cancelled_qty', 'uoms.qty_num', 'uoms.qty_den') }} as cancelled_qty,
        lines.unit_price,
        case
            when orders.order_no is null then 'unknown_order'
            when matched.product_uid is null then 'unknown_article'
            when uoms.product_uid is null then 'unknown_uom'
            when uoms.conflict is not null then 'factor_conflict'
        end as orphan_reason,
        coalesce(uoms.conflict, lines.sku) as waits_for,
        lines.source_updated_at,
        lines.loaded_at,
        lines.is_deleted
    from lines
    left join {{ touched(ref('stg_erp__sales_orders'), 'order', 'order_no') }} as orders on lines.order_no = orders.order_no
    left join {{ ref('int_product__matched') }} as matched
        on matched.source_system = 'erp' and lines.sku = matched.source_key
    left join {{ ref('int_uom__converted') }} as uoms
        on matched.product_uid = uoms.product_uid and lines.ordered_uom = uoms.uom
)

select * from converted
