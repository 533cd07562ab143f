-- Which node each source's code of a place means: a steward's word, the ERP's own code, that code
-- otherwise written. node_code is null where nobody knows it.
with named as (
    select 'erp' as source_system, node_code as source_key, loaded_at
    from {{ ref('stg_erp__warehouses') }}

    union all

    select 'wms' as source_system, node_code as source_key, loaded_at
    from {{ ref('stg_wms__facilities') }}

    union all

    select 'threepl' as source_system, node_code as source_key, min(loaded_at) as loaded_at
    from {{ ref('stg_threepl__inventory_846') }}
    where node_code is not null
    group by node_code

    union all

    select 'shop' as source_system, node_code as source_key, min(loaded_at) as loaded_at
    from {{ ref('stg_shop__inventory_levels') }}
    group by node_code
),

nodes as (
    select node_code, {{ plain_code('node_code') }} as plain_code
    from {{ ref('stg_erp__warehouses') }}
),

plain_nodes as (
    select plain_code, min(node_code) as node_code
    from nodes
    group by plain_code
    having count(*) = 1
)

select
    named.source_system,
    named.source_key,
    coalesce(words.target, nodes.node_code, plain_nodes.node_code) as node_code,
    case
        when words.target is not null then 'steward'
        when nodes.node_code is not null then 'exact'
        when plain_nodes.node_code is not null then 'normalised'
    end as method,
    named.loaded_at
from named
left join {{ ref('int_word__standing') }} as words
    on
        words.entity = 'node'
        and words.verb = 'map'
        and named.source_system = words.source_system
        and named.source_key = words.source_key
left join nodes on named.source_key = nodes.node_code
left join plain_nodes on {{ plain_code('named.source_key') }} = plain_nodes.plain_code
