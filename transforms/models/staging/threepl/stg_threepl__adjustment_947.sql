with source as (
    select * from {{ source('threepl', 'adjustment_947') }}
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
        adjustment_no,
        depositor_adjustment_no,
        warehouse_id as node_code,
        sku,
        gtin,
        reason_code,
        lot_code,
        file_name,
        uom,
        transaction_type,
        product_ids,
        qty,
        adjusted_date,
        sent_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
