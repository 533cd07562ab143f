with source as (
    select * from {{ source('wms', 'stock') }}
),

renamed as (
    select
        bin_id,
        item_id,
        lot_code,
        facility_code as node_code,
        disposition,
        qty,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
