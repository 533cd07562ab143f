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
        source_key,
        source_updated_at,
        loaded_at,
        is_deleted
    from {{ ref('int_rate__checked') }}
    where orphan_reason is null
)

{{ canonical('carrier_rate', 'final') }}
