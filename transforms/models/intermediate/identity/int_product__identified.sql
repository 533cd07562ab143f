-- The hub's identity of each article of the ERP, which keeps the list of what there is. Of articles
-- that a steward has merged, the last in the chain survives and the others bear its identity.
with recursive merged as (
    select
        source_key as sku,
        target
    from {{ ref('int_word__standing') }}
    where entity = 'product' and verb = 'merge' and source_system = 'erp' and source_key <> target
),

steps as (
    select
        sku,
        target,
        1 as depth
    from merged

    union all

    select
        steps.sku,
        merged.target,
        steps.depth + 1 as depth
    from steps
    inner join merged on steps.target = merged.sku
    -- A chain longer than this is a ring: its articles stay what they are.
    where steps.depth < 20
),

survivors as (
    select
        sku,
        max_by(target, depth) as survivor
    from steps
    group by sku
    having max(depth) < 20
)

select
    products.sku,
    coalesce(kept.sku, products.sku) as survivor,
    {{ uid('product', ['coalesce(kept.sku, products.sku)']) }} as product_uid
from {{ ref('stg_erp__products') }} as products
left join survivors on products.sku = survivors.sku
left join {{ ref('stg_erp__products') }} as kept on survivors.survivor = kept.sku
