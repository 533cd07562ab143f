-- Measured lengths and weights of the WMS go before what purchasing typed into the ERP.
with measured as (
    select
        matched.product_uid,
        items.*,
        row_number() over (
            partition by matched.product_uid order by items.source_updated_at desc, items.item_id
        ) as recency
    from {{ ref('stg_wms__items') }} as items
    inner join {{ ref('int_product__matched') }} as matched
        on matched.source_system = 'wms' and cast(items.item_id as varchar) = matched.source_key
    where matched.product_uid is not null and not items.is_deleted
),

eaches as (
    select * from {{ ref('stg_erp__product_packs') }}
    where pack_level = 'each' and not is_deleted
),

identified as (
    select *, {{ uid('product', ['sku']) }} as product_uid
    from {{ ref('stg_erp__products') }}
),

final as (
    select
        products.product_uid,
        products.sku,
        products.name,
        products.category,
        products.base_uom,
        products.lifecycle,
        coalesce(eaches.gtin14, {{ gtin14('products.gtin13') }}) as gtin14,
        products.hazmat_class,
        coalesce(measured.length_mm, products.length_mm) as length_mm,
        coalesce(measured.width_mm, products.width_mm) as width_mm,
        coalesce(measured.height_mm, products.height_mm) as height_mm,
        products.net_weight_g,
        coalesce(measured.gross_g, eaches.gross_g) as gross_g,
        products.unit_cost,
        products.currency,
        'erp' as source_system,
        products.sku as source_key,
        products.source_updated_at,
        products.loaded_at,
        products.is_deleted
    from identified as products
    left join eaches on products.sku = eaches.sku
    left join measured on products.product_uid = measured.product_uid and measured.recency = 1
)

{{ canonical('product', 'final') }}
