-- How alike the name of a claim and the names of the ERP's articles are, where it matters: for claims
-- without a known code, and for those whose name does not look like that of the article that their
-- code means. Steward's words that keep two apart take the pair out.
with coded as (
    select * from {{ ref('int_article__coded') }}
    where source_system <> 'erp' and plain_name <> ''
),

grams as (
    select * from {{ ref('int_article__spelled') }}
),

articles as (
    select
        identified.sku,
        identified.survivor,
        claims.plain_name,
        {{ numbers_in('claims.plain_name') }} as numbers
    from {{ ref('int_product__identified') }} as identified
    inner join {{ ref('int_article__claimed') }} as claims
        on claims.source_system = 'erp' and identified.sku = claims.source_key
),

asked as (
    select
        coded.source_system,
        coded.source_key,
        coded.sku,
        coded.plain_name,
        {{ numbers_in('coded.plain_name') }} as numbers
    from coded
    left join {{ ref('int_article__likened') }} as own
        on coded.source_system = own.source_system and coded.source_key = own.source_key
    where
        coded.sku is null
        or own.likeness < {{ var('name_doubted_below') }}
        or own.has_other_numbers
),

pairs as (
    select
        asked.source_system,
        asked.source_key,
        articles.survivor as sku,
        max(asked.numbers) as numbers,
        max(articles.numbers) as article_numbers,
        sum(mine.weight * theirs.weight) / 1e12 as likeness
    from asked
    inner join grams as mine
        on asked.source_system = mine.source_system and asked.source_key = mine.source_key
    inner join grams as theirs on theirs.source_system = 'erp' and mine.gram = theirs.gram
    inner join articles on theirs.source_key = articles.sku
    group by asked.source_system, asked.source_key, articles.sku, articles.survivor
    having sum(mine.weight * theirs.weight) >= {{ var('name_compared_from') }} * 1e12
),

free as (
    select
        pairs.source_system,
        pairs.source_key,
        pairs.sku,
        max(pairs.likeness) as likeness,
        bool_or(
            pairs.numbers <> '' and pairs.article_numbers <> '' and pairs.numbers <> pairs.article_numbers
        ) as has_other_numbers,
        bool_and(pairs.numbers <> '' and pairs.numbers = pairs.article_numbers) as has_same_numbers
    from pairs
    left join {{ ref('int_word__standing') }} as apart
        on
            apart.entity = 'product'
            and apart.verb = 'apart'
            and pairs.source_system = apart.source_system
            and pairs.source_key = apart.source_key
            and pairs.sku = apart.target
    where apart.word_id is null
    group by pairs.source_system, pairs.source_key, pairs.sku
),

ranked as (
    select
        *,
        row_number() over (
            partition by source_system, source_key order by likeness desc, sku
        ) as place,
        row_number() over (
            partition by source_system, sku order by likeness desc, source_key
        ) as place_of_claim,
        likeness - coalesce(lead(likeness) over (
            partition by source_system, source_key order by likeness desc, sku
        ), 0) as margin,
        likeness - coalesce(lead(likeness) over (
            partition by source_system, sku order by likeness desc, source_key
        ), 0) as margin_of_claim
    from free
)

select
    source_system,
    source_key,
    sku,
    cast(likeness as decimal(9, 6)) as likeness,
    cast(least(margin, margin_of_claim) as decimal(9, 6)) as margin,
    cast(place as bigint) as place,
    has_other_numbers,
    place = 1
    and place_of_claim = 1
    and not has_other_numbers
    and (
        (
            likeness >= {{ var('name_accepted_from') }}
            and least(margin, margin_of_claim) >= {{ var('name_margin') }}
        )
        -- Less alike, as names cut short are; but nothing else comes near, and the numbers agree.
        or (
            has_same_numbers
            and likeness >= {{ var('name_alone_from') }}
            and least(margin, margin_of_claim) >= {{ var('name_alone_margin') }}
        )
    ) as is_accepted
from ranked
where place <= 5
