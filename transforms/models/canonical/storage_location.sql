with final as (
    select
        {{ uid('location', ['bins.node_code', 'bins.bin_id']) }} as location_uid,
        {{ uid('node', ['nodes.node_code']) }} as node_uid,
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
    inner join {{ ref('stg_erp__warehouses') }} as nodes on bins.node_code = nodes.node_code
)

{{ canonical('storage_location', 'final') }}
