-- Purchase order lines in base units of articles that we know; the rest keep the reason why not.
select
    lines.po_no || '/' || cast(lines.line_no as varchar) as source_key,
    {{ uid('purchase_order', ['lines.po_no']) }} as po_uid,
    lines.line_no,
    orders.node_code,
    case when nodes.node_code is not null then {{ uid('node', ['nodes.node_code']) }} end as node_uid,
    matched.product_uid,
    matched.sku,
    lines.ordered_uom,
    lines.ordered_qty as ordered_qty_raw,
    {{ to_base('lines.ordered_qty', 'uoms.qty_num', 'uoms.qty_den') }} as ordered_qty,
    {{ to_base('lines.received_qty', 'uoms.qty_num', 'uoms.qty_den') }} as received_qty,
    {{ to_base(
        'greatest(lines.ordered_qty - lines.received_qty, 0)', 'uoms.qty_num', 'uoms.qty_den'
    ) }} as open_qty,
    lines.unit_cost,
    orders.status,
    orders.expected_at,
    case
        when orders.po_no is null then 'unknown_order'
        when nodes.node_code is null then 'unknown_node'
        when matched.product_uid is null then 'unknown_article'
        when uoms.product_uid is null then 'unknown_uom'
        when uoms.conflict is not null then 'factor_conflict'
    end as orphan_reason,
    coalesce(uoms.conflict, lines.sku) as waits_for,
    lines.source_updated_at,
    lines.loaded_at,
    lines.is_deleted or coalesce(orders.is_deleted, false) as is_deleted
from {{ ref('stg_erp__purchase_order_lines') }} as lines
left join {{ ref('stg_erp__purchase_orders') }} as orders on lines.po_no = orders.po_no
left join {{ ref('stg_erp__warehouses') }} as nodes on orders.node_code = nodes.node_code
left join {{ ref('int_product__matched') }} as matched
    on matched.source_system = 'erp' and lines.sku = matched.source_key
left join {{ ref('int_uom__converted') }} as uoms
    on matched.product_uid = uoms.product_uid and lines.ordered_uom = uoms.uom
