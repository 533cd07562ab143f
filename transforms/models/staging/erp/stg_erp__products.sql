with source as (
    select * from {{ source('erp', 'products') }}
),

renamed as (
    select
        sku,
        gtin13,
        name,
        category,
        base_uom,
        lifecycle,
        currency,
        hazmat_class,
        unit_cost,
        length_mm,
        width_mm,
        height_mm,
        net_weight_g,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
