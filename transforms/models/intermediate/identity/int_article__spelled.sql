-- Names as the three letters at a time (trigrams) that they consist of, each weighted by how rare it
-- is among the ERP's names and by how often it stands in the name; the squares of a name's weights
-- sum to 1, so that the product of two names is the cosine between them (TF-IDF; Salton and
-- Buckley 1988). `numbers` are the name's numbers, which must not differ.
with named as (
    select
        source_system,
        source_key,
        plain_name
    from {{ ref('int_article__claimed') }}
    where plain_name <> ''
),

places as (
    select *, unnest(range(1, length(plain_name) + 1)) as place from named
),

grams as (
    select
        source_system,
        source_key,
        substr(' ' || plain_name || ' ', place, 3) as gram,
        cast(count(*) as bigint) as occurrences
    from places
    group by source_system, source_key, gram
),

corpus as (
    select 1.0 + count(*) as size from named where source_system = 'erp'
),

rarity as (
    select
        grams.gram,
        ln(max(corpus.size) / (1.0 + count(*))) as idf
    from grams
    cross join corpus
    where grams.source_system = 'erp'
    group by grams.gram
),

-- Of a gram that no name of the ERP has, nothing is known but that it is rare.
rarest as (
    select max(idf) as idf from rarity
),

weighted as (
    select
        grams.source_system,
        grams.source_key,
        grams.gram,
        (1 + ln(grams.occurrences)) * coalesce(rarity.idf, rarest.idf, 0) as weight
    from grams
    cross join rarest
    left join rarity on grams.gram = rarity.gram
)

select
    source_system,
    source_key,
    gram,
    -- In millionths, and summed as decimals: sums of what is exact are the same in any order.
    cast(round(1000000 * weight / sqrt(cast(
        sum(cast(weight * weight as decimal(24, 12))) over (partition by source_system, source_key)
        as double
    ))) as bigint) as weight
from weighted
where weight > 0
