-- What may be promised at a node: what lies there and may be sold, less what is promised already
-- and what the planner holds back.
with candidate as (
    select max(marked_at) as as_of from {{ ref('int_source__marked') }}
),

stock as (
    select
        node_uid,
        product_uid,
        sum(qty) as on_hand,
        sum(case when disposition <> 'available' then qty else 0 end) as unavailable,
        max(loaded_at) as loaded_at
    from {{ ref('inventory') }}
    group by node_uid, product_uid
),

safety as (
    select
        {{ uid('node', ['nodes.node_code']) }} as node_uid,
        matched.product_uid,
        stock.safety_qty as safety,
        stock.loaded_at
    from {{ ref('stg_erp__stock') }} as stock
    inner join {{ ref('stg_erp__warehouses') }} as nodes on stock.node_code = nodes.node_code
    inner join {{ ref('int_product__matched') }} as matched
        on matched.source_system = 'erp' and stock.sku = matched.source_key
    where matched.product_uid is not null and not stock.is_deleted
),

inbound as (
    select
        inbound.node_uid,
        inbound.product_uid,
        sum(inbound.qty) as inbound_7d,
        max(inbound.loaded_at) as loaded_at
    from {{ ref('int_inbound__expected') }} as inbound
    cross join candidate
    where
        inbound.orphan_reason is null
        and inbound.expected_at <= {{ dbt.dateadd('day', var('inbound_days'), 'candidate.as_of') }}
        and inbound.qty > 0
    group by inbound.node_uid, inbound.product_uid
),

allocations as (
    select node_uid, product_uid, sum(allocated_qty) as allocated
    from {{ ref('int_shipment_line__unified') }}
    where node_uid is not null and product_uid is not null
    group by node_uid, product_uid
),

places as (
    select node_uid, product_uid from stock
    union
    select node_uid, product_uid from safety
    union
    select node_uid, product_uid from inbound
),

counted as (
    select
        places.node_uid,
        places.product_uid,
        cast(coalesce(stock.on_hand, 0) as decimal(18, 6)) as on_hand,
        cast(coalesce(stock.unavailable, 0) as decimal(18, 6)) as unavailable,
        cast(coalesce(allocations.allocated, 0) as decimal(18, 6)) as allocated,
        cast(coalesce(safety.safety, 0) as decimal(18, 6)) as safety,
        cast(coalesce(inbound.inbound_7d, 0) as decimal(18, 6)) as inbound_7d,
        greatest(stock.loaded_at, safety.loaded_at, inbound.loaded_at) as loaded_at
    from places
    left join stock on places.node_uid = stock.node_uid and places.product_uid = stock.product_uid
    left join safety on places.node_uid = safety.node_uid and places.product_uid = safety.product_uid
    left join inbound on places.node_uid = inbound.node_uid and places.product_uid = inbound.product_uid
    left join allocations
        on places.node_uid = allocations.node_uid and places.product_uid = allocations.product_uid
),

final as (
    select
        candidate.as_of,
        counted.node_uid,
        counted.product_uid,
        counted.on_hand,
        counted.unavailable,
        counted.allocated,
        counted.safety,
        counted.inbound_7d,
        greatest(counted.on_hand - counted.unavailable - counted.allocated - counted.safety, 0) as atp,
        'hub' as source_system,
        counted.node_uid || '/' || counted.product_uid as source_key,
        candidate.as_of as source_updated_at,
        counted.loaded_at,
        false as is_deleted
    from counted
    cross join candidate
)

{{ canonical('inventory_atp', 'final') }}
