with source as (
    select * from {{ source('wms', 'package_items') }}
),

renamed as (
    select
        sscc18,
        order_line_no,
        item_id,
        qty,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
