with source as (
    select * from {{ source('threepl', 'transfer_receipt_944') }}
),

renamed as (
    select
        file_sha256,
        set_index,
        line_index,
        interchange_no,
        group_no,
        set_no,
        sender_id,
        receiver_id,
        reporting_code,
        receipt_no,
        depositor_order_no,
        shipment_no,
        warehouse_id as node_code,
        sku,
        gtin,
        lot_code,
        file_name,
        uom,
        product_ids,
        qty,
        damaged_qty,
        received_date,
        sent_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
