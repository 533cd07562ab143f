with final as (
    select
        products.product_uid,
        packs.pack_level,
        packs.gtin14,
        packs.qty_num,
        packs.qty_den,
        packs.length_mm,
        packs.width_mm,
        packs.height_mm,
        packs.gross_g,
        'erp' as source_system,
        packs.sku || '/' || packs.pack_level as source_key,
        packs.source_updated_at,
        packs.loaded_at,
        packs.is_deleted
    from {{ ref('stg_erp__product_packs') }} as packs
    inner join {{ ref('product') }} as products on packs.sku = products.sku
)

{{ canonical('product_pack', 'final') }}
