with final as (
    select
        sources.source_system,
        units.uom as uom_raw,
        units.product_uid,
        units.uom as uom_code,
        units.qty_num,
        units.qty_den,
        'erp' as source_key,
        cast(null as timestamp with time zone) as source_updated_at,
        products.loaded_at,
        products.is_deleted
    from {{ ref('int_uom__converted') }} as units
    inner join {{ ref('int_product__survived') }} as products on units.product_uid = products.product_uid
    cross join (values ('erp'), ('threepl')) as sources (source_system)
    where units.conflict is null
)

{{ canonical('xref_uom', 'final') }}
