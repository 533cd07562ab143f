-- Which article a source means: one row for every name that any source uses, product_uid null
-- where nobody knows it. The ERP by SKU, the WMS by GTIN, the 3PL by GTIN and then by our SKU.
with products as (
    select * from {{ ref('stg_erp__products') }}
),

gtins as (
    select gtin14, sku from {{ ref('stg_erp__product_packs') }}
    union
    select {{ gtin14('gtin13') }} as gtin14, sku from products
),

-- A GTIN that two articles claim identifies neither.
owned_gtins as (
    select gtins.gtin14, min(gtins.sku) as sku
    from gtins
    inner join products on gtins.sku = products.sku
    group by gtins.gtin14
    having count(distinct gtins.sku) = 1
),

threepl_names as (
    select gtin, sku from {{ ref('stg_threepl__inventory_846') }}
    union
    select gtin, sku from {{ ref('stg_threepl__shipping_order_940') }}
    union
    select gtin, sku from {{ ref('stg_threepl__shipping_advice_945') }}
),

erp_names as (
    select sku from products
    union
    select sku from {{ ref('stg_erp__sales_order_lines') }}
    union
    select sku from {{ ref('stg_erp__purchase_order_lines') }}
    union
    select sku from {{ ref('stg_erp__stock') }}
),

matched as (
    select
        'erp' as source_system,
        erp_names.sku as source_key,
        products.sku,
        'exact' as method
    from erp_names
    left join products on erp_names.sku = products.sku

    union all

    select
        'wms' as source_system,
        cast(items.item_id as varchar) as source_key,
        owned_gtins.sku,
        'gtin' as method
    from {{ ref('stg_wms__items') }} as items
    left join owned_gtins on items.gtin14 = owned_gtins.gtin14

    union all

    select
        'threepl' as source_system,
        {{ article_key('threepl_names.gtin', 'threepl_names.sku') }} as source_key,
        coalesce(owned_gtins.sku, products.sku) as sku,
        case when owned_gtins.sku is not null then 'gtin' else 'exact' end as method
    from threepl_names
    left join owned_gtins on {{ gtin14('threepl_names.gtin') }} = owned_gtins.gtin14
    left join products on threepl_names.sku = products.sku
)

select
    source_system,
    source_key,
    sku,
    case when sku is not null then {{ uid('product', ['sku']) }} end as product_uid,
    case when sku is not null then method end as method
from matched
