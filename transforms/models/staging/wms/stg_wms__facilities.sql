with source as (
    select * from {{ source('wms', 'facilities') }}
),

renamed as (
    select
        facility_code as node_code,
        name,
        ops_status,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
