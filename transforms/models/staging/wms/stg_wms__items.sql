with source as (
    select * from {{ source('wms', 'items') }}
),

renamed as (
    select
        item_id,
        gtin14,
        description,
        length_mm,
        width_mm,
        height_mm,
        gross_g,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
