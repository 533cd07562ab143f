with final as (
    select
        source_system,
        source_key,
        product_uid,
        pack_level,
        method,
        coalesce(score, 1) as score,
        doubt,
        approved_by,
        cast(null as timestamp with time zone) as source_updated_at,
        loaded_at,
        false as is_deleted
    from {{ ref('int_product__matched') }}
    where product_uid is not null
)

{{ canonical('xref_product', 'final') }}
