with receipts as (
    select *, 'transfer_receipt_944' as stream from {{ ref('int_transfer_receipt__settled') }}
),

orders as (
    select po_no, po_uid, 'purchase_order' as doc_type from {{ ref('purchase_order') }}
),

final as (
    select
        {{ uid('receipt', ['moved.source_system', 'moved.stream', 'moved.said_key']) }}
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
    left join receipts
        on moved.stream = receipts.stream and moved.source_key = receipts.source_key
    left join orders
        on moved.doc_type = orders.doc_type and moved.doc_no = orders.po_no
    where moved.orphan_reason is null and moved.type = 'receive'
)

{{ canonical('receipt_line', 'final') }}
