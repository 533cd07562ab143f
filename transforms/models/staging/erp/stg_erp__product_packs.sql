with source as (
    select * from {{ source('erp', 'product_packs') }}
),

renamed as (
    select
        sku,
        pack_level,
        gtin14,
        qty_num,
        qty_den,
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
