with final as (
    select
        {{ service_uid('carrier', 'service') }} as service_uid,
        orig_zone,
        dest_zone,
        break_g,
        valid_from,
        base,
        per_kg,
        fuel_pct,
        transit_days,
        currency,
        'erp' as source_system,
        carrier || '/' || service || '/' || orig_zone || '/' || dest_zone || '/'
        || cast(break_g as varchar) || '/' || cast(valid_from as varchar) as source_key,
        source_updated_at,
        loaded_at,
        is_deleted
    from {{ ref('stg_erp__freight_rates') }}
)

{{ canonical('carrier_rate', 'final') }}
