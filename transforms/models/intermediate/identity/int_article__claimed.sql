-- Every name by which a source speaks of an article: its own key, and what it says beside it, our
-- SKU, a GTIN, a description. Nothing is decided here.
with packs as (
    select
        sku,
        max(case when pack_level = 'each' then gtin14 end) as gtin14
    from {{ ref('stg_erp__product_packs') }}
    where not is_deleted
    group by sku
),

erp_names as (
    select sku, loaded_at from {{ ref('stg_erp__products') }}
    union all
    select sku, loaded_at from {{ ref('stg_erp__sales_order_lines') }}
    union all
    select sku, loaded_at from {{ ref('stg_erp__purchase_order_lines') }}
    union all
    select sku, loaded_at from {{ ref('stg_erp__stock') }}
),

threepl_names as (
    select gtin, sku, loaded_at from {{ ref('stg_threepl__inventory_846') }}
    union all
    select gtin, sku, loaded_at from {{ ref('stg_threepl__shipping_order_940') }}
    union all
    select gtin, sku, loaded_at from {{ ref('stg_threepl__shipping_advice_945') }}
    union all
    select gtin, sku, loaded_at from {{ ref('stg_threepl__transfer_receipt_944') }}
    union all
    select gtin, sku, loaded_at from {{ ref('stg_threepl__adjustment_947') }}
    union all
    select gtin, sku, loaded_at from {{ ref('stg_threepl__ship_notice_856') }}
),

claims as (
    select
        'erp' as source_system,
        names.sku as source_key,
        names.sku,
        coalesce(packs.gtin14, products.gtin13) as gtin,
        products.name,
        min(names.loaded_at) as loaded_at
    from erp_names as names
    left join {{ ref('stg_erp__products') }} as products on names.sku = products.sku
    left join packs on names.sku = packs.sku
    group by names.sku, packs.gtin14, products.gtin13, products.name

    union all

    select
        'wms' as source_system,
        cast(item_id as varchar) as source_key,
        null as sku,
        gtin14 as gtin,
        description as name,
        loaded_at
    from {{ ref('stg_wms__items') }}

    union all

    select
        'shop' as source_system,
        cast(listing_id as varchar) as source_key,
        sku,
        barcode as gtin,
        title as name,
        loaded_at
    from {{ ref('stg_shop__listings') }}

    union all

    select
        'threepl' as source_system,
        {{ article_key('gtin', 'sku') }} as source_key,
        sku,
        gtin,
        null as name,
        min(loaded_at) as loaded_at
    from threepl_names
    where gtin is not null or sku is not null
    group by gtin, sku
)

select
    source_system,
    source_key,
    sku,
    {{ plain_code('sku') }} as plain_sku,
    gtin as raw_gtin,
    {{ read_gtin14('gtin') }} as gtin14,
    name,
    {{ plain_name('name') }} as plain_name,
    loaded_at
from claims
