-- How many base units a unit of measure holds, an article at a time: qty_num / qty_den.
select
    {{ uid('product', ['sku']) }} as product_uid,
    base_uom as uom,
    cast(1 as bigint) as qty_num,
    cast(1 as bigint) as qty_den
from {{ ref('stg_erp__products') }}

union all

select
    {{ uid('product', ['sku']) }} as product_uid,
    'CA' as uom,
    qty_num,
    qty_den
from {{ ref('stg_erp__product_packs') }}
where pack_level = 'case' and not is_deleted
