{{ config(keeps_before=true) }}

-- Which article each source's name means, by the strongest tier that knows it: a steward's word, a
-- GTIN, our SKU, our SKU otherwise written, the name. product_uid is null where nobody knows.
-- A name that contradicts its codes, or codes that contradict each other, keep what the codes say,
-- with a score so low that nothing rests on it, until a steward has answered.
with coded as (
    select * from {{ ref('int_article__coded') }}
),

named as (
    select * from {{ ref('int_article__compared') }} where is_accepted
),

words as (
    select * from {{ ref('int_word__standing') }}
    where entity = 'product'
),

-- Articles of the ERP that share a GTIN and that no steward has merged: they may be one.
twins as (
    select claims.source_system, claims.gtin14
    from {{ ref('int_article__claimed') }} as claims
    inner join {{ ref('int_product__identified') }} as identified on claims.source_key = identified.sku
    where claims.source_system = 'erp' and claims.gtin14 is not null
    group by claims.source_system, claims.gtin14
    having count(distinct identified.survivor) > 1
),

claims as (
    select
        coded.source_system,
        coded.source_key,
        mapped.target as word_sku,
        mapped.said_by,
        mapped.verb = 'accept' as is_settled,
        case when apart.word_id is null then coded.sku end as code_sku,
        coded.method,
        coded.pack_level,
        coded.is_torn,
        twins.gtin14 is not null as is_twin,
        named.sku <> coded.sku or coalesce(own.has_other_numbers, false)
        or coalesce(own.likeness < {{ var('name_strange_below') }}, false) as is_strange,
        named.sku as name_sku,
        named.likeness,
        coded.loaded_at
    from coded
    left join {{ ref('int_article__claimed') }} as claimed
        on coded.source_system = claimed.source_system and coded.source_key = claimed.source_key
    left join twins
        on coded.source_system = twins.source_system and claimed.gtin14 = twins.gtin14
    left join {{ ref('int_article__likened') }} as own
        on coded.source_system = own.source_system and coded.source_key = own.source_key
    left join named
        on coded.source_system = named.source_system and coded.source_key = named.source_key
    left join words as mapped
        on
            mapped.verb in ('map', 'accept')
            and coded.source_system = mapped.source_system
            and coded.source_key = mapped.source_key
    left join words as apart
        on
            apart.verb = 'apart'
            and coded.source_system = apart.source_system
            and coded.source_key = apart.source_key
            and coded.sku = apart.target
),

decided as (
    select
        source_system,
        source_key,
        coalesce(word_sku, code_sku, name_sku) as sku,
        case
            when word_sku is not null then 'steward'
            when code_sku is not null then method
            when name_sku is not null then 'fuzzy'
        end as method,
        pack_level,
        case
            when word_sku is not null or coalesce(is_settled, false) then null
            when code_sku is null then null
            when is_twin then 'duplicate_product'
            when is_torn then 'codes_disagree'
            when is_strange then 'name_disagrees'
        end as doubt,
        case
            when word_sku is null and code_sku is null then likeness
            when coalesce(is_settled, false) or word_sku is not null then 1
            when is_twin or is_torn or coalesce(is_strange, false) then {{ var('score_doubted') }}
            else 1
        end as score,
        case when word_sku is not null or coalesce(is_settled, false) then said_by end as approved_by,
        loaded_at
    from claims
)

select
    decided.source_system,
    decided.source_key,
    identified.survivor as sku,
    identified.product_uid,
    case when identified.sku is not null then decided.method end as method,
    decided.pack_level,
    cast(decided.score as decimal(9, 6)) as score,
    decided.doubt,
    decided.approved_by,
    decided.loaded_at
from decided
left join {{ ref('int_product__identified') }} as identified on decided.sku = identified.sku
