with final as (
    select
        {{ uid('node', ['nodes.node_code']) }} as node_uid,
        nodes.node_code,
        nodes.name,
        nodes.type,
        nodes.gln13,
        nodes.tz,
        nodes.country,
        nodes.postal,
        {{ rate_zone('nodes.country', 'nodes.postal') }} as zone,
        nodes.lat,
        nodes.lon,
        coalesce(facilities.ops_status, nodes.ops_status) as ops_status,
        'erp' as source_system,
        nodes.node_code as source_key,
        greatest(nodes.source_updated_at, facilities.source_updated_at) as source_updated_at,
        greatest(nodes.loaded_at, facilities.loaded_at) as loaded_at,
        nodes.is_deleted
    from {{ ref('stg_erp__warehouses') }} as nodes
    left join {{ ref('stg_wms__facilities') }} as facilities
        on nodes.node_code = facilities.node_code and not facilities.is_deleted
)

{{ canonical('node', 'final') }}
