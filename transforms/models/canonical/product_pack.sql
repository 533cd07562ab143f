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
    -- A pack whose factor is in doubt is an orphan until its sources agree.
    left join {{ ref('int_uom__stated') }} as stated
        on stated.stream = 'product_packs' and stated.source_key = packs.sku || '/' || packs.pack_level
    left join {{ ref('int_uom__converted') }} as units
        on stated.product_uid = units.product_uid and stated.uom = units.uom
    where units.conflict is null
)

{{ canonical('product_pack', 'final') }}
