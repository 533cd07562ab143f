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

grams as (
    select
        named.source_system,
        named.source_key,
        substr(' ' || named.plain_name || ' ', places.place, 3) as gram,
        cast(count(*) as bigint) as occurrences
    from named
    cross join lateral (
        select unnest(range(1, length(named.plain_name) + 1)) as place
    ) as places
    group by named.source_system, named.source_key, gram
),

rarity as (
    select
        gram,
        ln((1.0 + (select count(*) from named where source_system = 'erp')) / (1.0 + count(*))) as idf
    from grams
    where source_system = 'erp'
    group by gram
),

weighted as (
    select
        grams.source_system,
        grams.source_key,
        grams.gram,
        -- Of a gram that no name of the ERP has, nothing is known but that it is rare.
        (1 + ln(grams.occurrences))
        * coalesce(rarity.idf, (select max(idf) from rarity), 0) as weight
    from grams
    left join rarity on grams.gram = rarity.gram
)

select
    source_system,
    source_key,
    gram,
    weight / sqrt(sum(weight * weight) over (partition by source_system, source_key)) as weight
from weighted
where weight > 0
