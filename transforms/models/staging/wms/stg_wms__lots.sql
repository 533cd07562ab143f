with source as (
    select * from {{ source('wms', 'lots') }}
),

renamed as (
    select
        item_id,
        lot_code,
        status,
        mfg_date,
        expiry_date,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
