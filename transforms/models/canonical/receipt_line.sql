with final as (
    select
        {{ uid('receipt', ['moved.source_system', 'moved.stream', 'moved.source_key']) }}
            as receipt_line_uid,
        moved.node_uid,
        moved.product_uid,
        moved.lot_code,
        orders.po_uid,
        receipts.receipt_no,
        moved.qty as received_qty,
        coalesce(receipts.damaged_qty, 0) as damaged_qty,
        moved.occurred_at as received_at,
        moved.source_system,
        moved.stream || '/' || moved.source_key as source_key,
        moved.source_updated_at,
        moved.loaded_at,
        moved.is_deleted
    from {{ ref('int_movement__unified') }} as moved
    left join {{ ref('int_transfer_receipt__settled') }} as receipts
        on moved.stream = 'transfer_receipt_944' and moved.source_key = receipts.source_key
    left join {{ ref('purchase_order') }} as orders
        on moved.doc_type = 'purchase_order' and moved.doc_no = orders.po_no
    where moved.orphan_reason is null and moved.type = 'receive'
)

{{ canonical('receipt_line', 'final') }}
