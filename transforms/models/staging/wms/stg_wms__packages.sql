with source as (
    select * from {{ source('wms', 'packages') }}
),

renamed as (
    select
        sscc18,
        shipment_no,
        tracking_no,
        carrier,
        length_mm,
        width_mm,
        height_mm,
        weight_g,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
