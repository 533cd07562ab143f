with final as (
    select
        compared.source_system,
        compared.source_key,
        identified.product_uid,
        compared.likeness,
        compared.margin,
        compared.place,
        compared.has_other_numbers as numbers_differ,
        case
            when matched.product_uid = identified.product_uid and matched.method = 'fuzzy' then 'accepted'
            when matched.product_uid is null or matched.doubt is not null then 'left_to_steward'
            else 'overruled'
        end as decision,
        cast(null as timestamp with time zone) as source_updated_at,
        matched.loaded_at,
        false as is_deleted
    from {{ ref('int_article__compared') }} as compared
    inner join {{ ref('int_product__identified') }} as identified on compared.sku = identified.sku
    inner join {{ ref('int_product__matched') }} as matched
        on
            compared.source_system = matched.source_system
            and compared.source_key = matched.source_key
)

{{ canonical('match_candidate', 'final') }}
