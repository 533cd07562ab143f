with final as (
    select
        *,
        'erp' as source_system,
        sku as source_key
    from {{ ref('int_product__survived') }}
)

{{ canonical('product', 'final') }}
