with source as (
    select * from {{ source('erp', 'warehouses') }}
),

renamed as (
    select
        code as node_code,
        name,
        type,
        gln13,
        tz,
        country,
        postal,
        ops_status,
        lat,
        lon,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
