with source as (
    select * from {{ source('shop', 'listings') }}
),

renamed as (
    select
        listing_id,
        sku,
        barcode,
        title,
        status,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
