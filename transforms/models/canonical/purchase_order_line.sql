with final as (
    select
        po_uid,
        line_no,
        product_uid,
        ordered_qty,
        ordered_uom,
        ordered_qty_raw,
        received_qty,
        open_qty,
        unit_cost,
        'erp' as source_system,
        source_key,
        source_updated_at,
        loaded_at,
        is_deleted
    from {{ ref('int_purchase_line__converted') }}
    where orphan_reason is null
)

{{ canonical('purchase_order_line', 'final') }}
