with final as (
    select
        places.location_uid,
        places.node_uid,
        bins.bin_id as location_code,
        bins.zone,
        bins.aisle,
        bins.bay,
        bins.level,
        bins.bin_type as type,
        cast(null as bigint) as x_mm,
        cast(null as bigint) as y_mm,
        cast(null as bigint) as z_mm,
        cast(null as bigint) as max_weight_g,
        cast(null as bigint) as max_volume_mm3,
        'wms' as source_system,
        bins.bin_id as source_key,
        bins.source_updated_at,
        bins.loaded_at,
        bins.is_deleted
    from {{ ref('stg_wms__bins') }} as bins
    inner join {{ ref('int_location__matched') }} as places
        on places.source_system = 'wms' and bins.bin_id = places.source_key
    where places.node_uid is not null
)

{{ canonical('storage_location', 'final') }}
