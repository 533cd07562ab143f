{{ config(materialized='view') }}

-- What sources say that a unit of measure holds of an article's base units: qty_num / qty_den.
-- Merged articles bring what was said of each of them, for their rows are counted alike.
with identified as (
    select * from {{ ref('int_product__identified') }}
)

select
    identified.product_uid,
    identified.survivor as sku,
    products.base_uom as uom,
    'erp' as source_system,
    'products' as stream,
    products.sku as source_key,
    cast(1 as bigint) as qty_num,
    cast(1 as bigint) as qty_den,
    products.loaded_at
from {{ ref('stg_erp__products') }} as products
inner join identified on products.sku = identified.sku
where identified.sku = identified.survivor

union all

select
    identified.product_uid,
    identified.survivor as sku,
    case packs.pack_level when 'each' then 'EA' else 'CA' end as uom,
    'erp' as source_system,
    'product_packs' as stream,
    packs.sku || '/' || packs.pack_level as source_key,
    packs.qty_num,
    packs.qty_den,
    packs.loaded_at
from {{ ref('stg_erp__product_packs') }} as packs
inner join identified on packs.sku = identified.sku
where packs.pack_level in ('each', 'case') and not packs.is_deleted
