-- How alike the name of a claim is to that of the article that its codes mean, and whether the numbers
-- in them differ.
with coded as (
    select * from {{ ref('int_article__coded') }}
    where source_system <> 'erp' and plain_name <> '' and sku is not null
),

grams as (
    select * from {{ ref('int_article__spelled') }}
),

likenesses as (
    select
        coded.source_system,
        coded.source_key,
        sum(mine.weight * theirs.weight) / 1e12 as likeness
    from coded
    inner join grams as mine
        on coded.source_system = mine.source_system and coded.source_key = mine.source_key
    inner join grams as theirs
        on theirs.source_system = 'erp' and coded.sku = theirs.source_key and mine.gram = theirs.gram
    group by coded.source_system, coded.source_key
)

select
    coded.source_system,
    coded.source_key,
    cast(coalesce(likenesses.likeness, 0) as decimal(9, 6)) as likeness,
    coalesce(
        {{ numbers_in('coded.plain_name') }} <> '' and {{ numbers_in('articles.plain_name') }} <> ''
        and {{ numbers_in('coded.plain_name') }} <> {{ numbers_in('articles.plain_name') }},
        false
    ) as has_other_numbers
from coded
inner join {{ ref('int_article__claimed') }} as articles
    on articles.source_system = 'erp' and coded.sku = articles.source_key
left join likenesses
    on coded.source_system = likenesses.source_system and coded.source_key = likenesses.source_key
where articles.plain_name <> ''
