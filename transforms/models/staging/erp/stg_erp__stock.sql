with source as (
    select * from {{ source('erp', 'stock') }}
),

renamed as (
    select
        warehouse_code as node_code,
        sku,
        on_hand_qty,
        safety_qty,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
