with source as (
    select * from {{ source('carrier', 'service_levels') }}
),

renamed as (
    select
        carrier,
        name as service,
        human_readable as name,
        description,
        max_weight as max_weight_oz,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
