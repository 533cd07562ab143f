-- The WMS's lots, each with the supplier of the purchase order that brought it first.
with brought as (
    select
        receipts.product_uid,
        receipts.lot_code,
        orders.supplier_uid,
        row_number() over (
            partition by receipts.product_uid, receipts.lot_code
            order by receipts.received_at, receipts.receipt_line_uid
        ) as place
    from {{ ref('receipt_line') }} as receipts
    inner join {{ ref('purchase_order') }} as orders on receipts.po_uid = orders.po_uid
),

lots as (
    select
        lots.*,
        matched.product_uid,
        -- Two items of one article may know the same lot: what was said last stands.
        row_number() over (
            partition by matched.product_uid, lots.lot_code
            order by lots.source_updated_at desc, lots.item_id
        ) as recency
    from {{ ref('stg_wms__lots') }} as lots
    inner join {{ ref('int_product__matched') }} as matched
        on matched.source_system = 'wms' and cast(lots.item_id as varchar) = matched.source_key
    where matched.product_uid is not null
),

final as (
    select
        {{ uid('lot', ['lots.product_uid', 'lots.lot_code']) }} as lot_uid,
        lots.product_uid,
        brought.supplier_uid,
        lots.lot_code,
        lots.mfg_date,
        lots.expiry_date,
        lots.status,
        'wms' as source_system,
        cast(lots.item_id as varchar) || '/' || lots.lot_code as source_key,
        lots.source_updated_at,
        lots.loaded_at,
        lots.is_deleted
    from lots
    left join brought
        on
            lots.product_uid = brought.product_uid
            and lots.lot_code = brought.lot_code
            and brought.place = 1
    where lots.recency = 1
)

{{ canonical('lot', 'final') }}
