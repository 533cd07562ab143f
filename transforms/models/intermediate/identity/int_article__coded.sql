-- Which article of the ERP each claim means by its codes: a GTIN that belongs to one article only,
-- our own SKU, our SKU otherwise written. Codes that mean different articles are told, not resolved.
-- The ERP means its own articles by its SKU alone.
with claims as (
    select
        *,
        case when source_system <> 'erp' then gtin14 end as foreign_gtin14,
        case when source_system <> 'erp' then plain_sku end as foreign_plain_sku
    from {{ ref('int_article__claimed') }}
),

identified as (
    select * from {{ ref('int_product__identified') }}
),

gtins as (
    select gtin14, pack_level, sku from {{ ref('stg_erp__product_packs') }} where not is_deleted
    union all
    select {{ read_gtin14('gtin13') }} as gtin14, 'each' as pack_level, sku
    from {{ ref('stg_erp__products') }}
),

-- A GTIN that two articles claim identifies neither; merged articles are one.
owned_gtins as (
    select
        gtins.gtin14,
        min(gtins.pack_level) as pack_level,
        min(identified.survivor) as sku
    from gtins
    inner join identified on gtins.sku = identified.sku
    where gtins.gtin14 is not null
    group by gtins.gtin14
    having count(distinct identified.survivor) = 1
),

plain_skus as (
    select
        {{ plain_code('sku') }} as plain_sku,
        min(survivor) as sku
    from identified
    group by {{ plain_code('sku') }}
    having count(distinct survivor) = 1
)

select
    claims.source_system,
    claims.source_key,
    claims.plain_name,
    owned_gtins.pack_level,
    owned_gtins.sku as gtin_sku,
    exact.survivor as exact_sku,
    plain_skus.sku as normalised_sku,
    coalesce(owned_gtins.sku, exact.survivor, plain_skus.sku) as sku,
    case
        when owned_gtins.sku is not null then 'gtin'
        when exact.survivor is not null then 'exact'
        when plain_skus.sku is not null then 'normalised'
    end as method,
    coalesce(owned_gtins.sku <> coalesce(exact.survivor, plain_skus.sku), false) as is_torn,
    claims.loaded_at
from claims
left join owned_gtins on claims.foreign_gtin14 = owned_gtins.gtin14
left join identified as exact on claims.sku = exact.sku
left join plain_skus on claims.foreign_plain_sku = plain_skus.plain_sku
