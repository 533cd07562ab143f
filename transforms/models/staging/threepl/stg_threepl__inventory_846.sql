with source as (
    select * from {{ source('threepl', 'inventory_846') }}
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
        purpose_code,
        warehouse_id as node_code,
        sku,
        gtin,
        lot_code,
        file_name,
        report_type,
        reference,
        qty_qualifier,
        uom,
        product_ids,
        qty,
        sent_at,
        report_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
