with source as (
    select * from {{ source('erp', 'purchase_orders') }}
),

renamed as (
    select
        po_no,
        supplier_id,
        warehouse_code as node_code,
        status,
        ordered_at,
        expected_at,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
