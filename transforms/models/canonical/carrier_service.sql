-- The carriers' own list of services, and any that the ERP has rates for but the carriers do not list.
with rated as (
    select
        carrier,
        service,
        max(source_updated_at) as source_updated_at,
        max(loaded_at) as loaded_at,
        bool_and(is_deleted) as is_deleted
    from {{ ref('stg_erp__freight_rates') }}
    group by carrier, service
),

listed as (
    select *, {{ service_uid('carrier', 'service') }} as service_uid
    from {{ ref('stg_carrier__service_levels') }}
),

known as (
    select *, {{ service_uid('carrier', 'service') }} as service_uid
    from rated
),

final as (
    select
        coalesce(listed.service_uid, known.service_uid) as service_uid,
        coalesce(known.carrier, listed.carrier) as carrier,
        coalesce(known.service, listed.service) as service,
        listed.name,
        -- Ounces to grams (0.45359237 kg a pound, exact by definition), cut off: a limit never grows.
        -- Cast first: DuckDB multiplies two decimals of 18 digits in 64 bits.
        cast(floor(cast(listed.max_weight_oz as decimal(24, 6)) * 28.349523125) as bigint) as max_weight_g,
        case when listed.service_uid is not null then 'carrier' else 'erp' end as source_system,
        case
            when listed.service_uid is not null then listed.carrier || '/' || listed.service
            else known.carrier || '/' || known.service
        end as source_key,
        known.source_updated_at,
        coalesce(listed.loaded_at, known.loaded_at) as loaded_at,
        coalesce(listed.is_deleted, known.is_deleted) as is_deleted
    from listed
    full outer join known on listed.service_uid = known.service_uid
)

{{ canonical('carrier_service', 'final') }}
