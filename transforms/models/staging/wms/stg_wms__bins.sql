with source as (
    select * from {{ source('wms', 'bins') }}
),

renamed as (
    select
        bin_id,
        facility_code as node_code,
        zone,
        aisle,
        bay,
        level,
        bin_type,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
