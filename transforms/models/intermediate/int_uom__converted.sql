-- How many base units a unit of measure holds, an article at a time: qty_num / qty_den.
with identified as (
    select * from {{ ref('int_product__identified') }} where sku = survivor
)

select
    identified.product_uid,
    products.base_uom as uom,
    cast(1 as bigint) as qty_num,
    cast(1 as bigint) as qty_den
from {{ ref('stg_erp__products') }} as products
inner join identified on products.sku = identified.sku

union all

select
    identified.product_uid,
    'CA' as uom,
    packs.qty_num,
    packs.qty_den
from {{ ref('stg_erp__product_packs') }} as packs
inner join identified on packs.sku = identified.sku
where packs.pack_level = 'case' and not packs.is_deleted
