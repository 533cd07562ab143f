{{ config(materialized='view') }}

-- Which place inside which node each source's code of it means. A place is known by its system's own
-- codes, so that it stays the same one whichever node these turn out to name; one of an unknown node
-- has no identity yet.
select
    'wms' as source_system,
    bins.bin_id as source_key,
    case when nodes.node_code is not null then {{ uid('location', ['bins.node_code', 'bins.bin_id']) }} end
        as location_uid,
    case when nodes.node_code is not null then {{ uid('node', ['nodes.node_code']) }} end as node_uid,
    bins.loaded_at
from {{ ref('stg_wms__bins') }} as bins
left join {{ ref('int_node__matched') }} as nodes
    on nodes.source_system = 'wms' and bins.node_code = nodes.source_key
