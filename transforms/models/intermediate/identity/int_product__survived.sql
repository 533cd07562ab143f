-- Each product with the value of every attribute that survives by the rules (`survivorship` in
-- dbt_project.yml), whose value it is, and whether another source says something else.
with identified as (
    select * from {{ ref('int_product__identified') }} where sku = survivor
),

eaches as (
    select * from {{ ref('stg_erp__product_packs') }}
    where pack_level = 'each' and not is_deleted
),

erp as (
    select
        products.*,
        coalesce(eaches.gtin14, {{ gtin14('products.gtin13') }}) as gtin14,
        eaches.gross_g
    from {{ ref('stg_erp__products') }} as products
    left join eaches on products.sku = eaches.sku
),

measured as (
    select
        matched.product_uid,
        items.item_id,
        items.description as name,
        items.length_mm,
        items.width_mm,
        items.height_mm,
        items.gross_g,
        row_number() over (
            partition by matched.product_uid order by items.source_updated_at desc, items.item_id
        ) as recency
    from {{ ref('stg_wms__items') }} as items
    inner join {{ ref('int_product__matched') }} as matched
        on matched.source_system = 'wms' and cast(items.item_id as varchar) = matched.source_key
    -- What nobody is sure of does not speak for a product.
    where matched.product_uid is not null and matched.doubt is null and not items.is_deleted
),

wms as (
    select * from measured where recency = 1
)

select
    identified.product_uid,
    identified.sku,
    cast(wms.item_id as varchar) as wms_key,
    {{ survivors('product', {'erp': 'erp', 'wms': 'wms'}) }},
    erp.source_updated_at,
    erp.loaded_at,
    erp.is_deleted
from identified
inner join erp on identified.sku = erp.sku
left join wms on identified.product_uid = wms.product_uid
