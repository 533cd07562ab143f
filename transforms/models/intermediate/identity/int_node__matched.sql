{{ config(keeps_before=true) }}

-- Which node each source's code of a place means: a steward's word, its GLN, the ERP's own code, that
-- code otherwise written. node_code is null where nobody knows it.
with named as (
    select 'erp' as source_system, node_code as source_key, 'warehouses' as stream, loaded_at
    from {{ ref('stg_erp__warehouses') }}
    {%- for source, streams in {
        'wms': ['facilities', 'bins', 'stock', 'movements', 'shipments'],
        'threepl': [
            'inventory_846', 'shipping_order_940', 'transfer_shipment_943', 'transfer_receipt_944',
            'shipping_advice_945', 'adjustment_947',
        ],
        'shop': ['inventory_levels'],
    }.items() %}
    {%- for stream in streams %}

    union all

    select '{{ source }}' as source_system, node_code as source_key, '{{ stream }}' as stream, min(loaded_at) as loaded_at
    from {{ ref('stg_' ~ source ~ '__' ~ stream) }}
    where node_code is not null
    group by node_code
    {%- endfor %}
    {%- endfor %}

    union all

    select 'threepl' as source_system, ship_to_id as source_key, 'ship_notice_856' as stream, min(loaded_at) as loaded_at
    from {{ ref('stg_threepl__ship_notice_856') }}
    where ship_to_id is not null
    group by ship_to_id
),

keys as (
    select source_system, source_key, min(stream) as stream, min(loaded_at) as loaded_at
    from named
    group by source_system, source_key
),

nodes as (
    select node_code, gln13, {{ plain_code('node_code') }} as plain_code
    from {{ ref('stg_erp__warehouses') }}
),

-- What two nodes share identifies neither.
glns as (
    select gln13, min(node_code) as node_code
    from nodes
    group by gln13
    having count(*) = 1
),

plain_nodes as (
    select plain_code, min(node_code) as node_code
    from nodes
    group by plain_code
    having count(*) = 1
)

select
    keys.source_system,
    keys.source_key,
    keys.stream,
    case
        when words.target is not null then meant.node_code
        else coalesce(nodes.node_code, glns.node_code, plain_nodes.node_code)
    end as node_code,
    case
        when words.target is not null then 'steward'
        when nodes.node_code is not null then 'exact'
        when glns.node_code is not null then 'gln'
        when plain_nodes.node_code is not null then 'normalised'
    end as method,
    words.said_by as approved_by,
    keys.loaded_at
from keys
left join {{ ref('int_word__standing') }} as words
    on
        words.entity = 'node'
        and words.verb = 'map'
        and keys.source_system = words.source_system
        and keys.source_key = words.source_key
left join nodes as meant on words.target = meant.node_code
left join nodes on keys.source_key = nodes.node_code
left join glns on keys.source_key = glns.gln13
left join plain_nodes on {{ plain_code('keys.source_key') }} = plain_nodes.plain_code
