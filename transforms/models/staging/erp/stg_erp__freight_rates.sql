with source as (
    select * from {{ source('erp', 'freight_rates') }}
),

renamed as (
    select
        carrier,
        service,
        orig_zone,
        dest_zone,
        break_g,
        currency,
        base,
        per_kg,
        fuel_pct,
        transit_days,
        valid_from,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
