-- What the shop may sell of a product at a node, against what the ERP lets it: on hand less safety
-- stock, never below nothing, pushed each night. A figure older than the newest push did not get it.
with pushed as (
    select max(source_updated_at) as pushed_at from {{ ref('stg_shop__inventory_levels') }}
),

levels as (
    select
        {{ uid('node', ['nodes.node_code']) }} as node_uid,
        matched.product_uid,
        sum(levels.available_qty) as available_qty,
        min(levels.source_updated_at) as updated_at
    from {{ ref('stg_shop__inventory_levels') }} as levels
    inner join {{ ref('int_node__matched') }} as nodes
        on nodes.source_system = 'shop' and levels.node_code = nodes.source_key
    inner join {{ ref('int_product__matched') }} as matched
        on matched.source_system = 'shop' and cast(levels.listing_id as varchar) = matched.source_key
    where
        nodes.node_code is not null
        and matched.product_uid is not null
        and matched.doubt is null
        and not levels.is_deleted
    group by nodes.node_code, matched.product_uid
),

books as (
    select
        {{ uid('node', ['nodes.node_code']) }} as node_uid,
        matched.product_uid,
        sum(greatest(stock.on_hand_qty - stock.safety_qty, 0)) as listable_qty,
        max(stock.source_updated_at) as changed_at
    from {{ ref('stg_erp__stock') }} as stock
    inner join {{ ref('stg_erp__warehouses') }} as nodes on stock.node_code = nodes.node_code
    inner join {{ ref('int_product__matched') }} as matched
        on matched.source_system = 'erp' and stock.sku = matched.source_key
    where matched.product_uid is not null and not stock.is_deleted
    group by nodes.node_code, matched.product_uid
)

select
    levels.node_uid,
    levels.product_uid,
    levels.available_qty,
    levels.available_qty - books.listable_qty as residual,
    case
        when levels.available_qty = books.listable_qty then 'agreed'
        when levels.updated_at < pushed.pushed_at then 'stale_listing'
        when books.changed_at > pushed.pushed_at then 'not_yet_pushed'
        else 'unexplained'
    end as class
from levels
cross join pushed
left join books on levels.node_uid = books.node_uid and levels.product_uid = books.product_uid
