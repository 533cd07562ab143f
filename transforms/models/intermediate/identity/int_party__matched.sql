-- Which partner each source's code of one means: a steward's word, the ERP's own number, that number
-- otherwise written. partner_id is null where nobody knows it.
with named as (
    select 'erp' as source_system, partner_id as source_key, 1 as uses, loaded_at
    from {{ ref('stg_erp__partners') }}

    union all

    select 'threepl' as source_system, ship_from_id as source_key, count(*) as uses, min(loaded_at) as loaded_at
    from {{ ref('stg_threepl__ship_notice_856') }}
    where ship_from_id is not null
    group by ship_from_id
),

partners as (
    select partner_id, {{ plain_code('partner_id') }} as plain_code
    from {{ ref('stg_erp__partners') }}
),

plain_partners as (
    select plain_code, min(partner_id) as partner_id
    from partners
    group by plain_code
    having count(*) = 1
)

select
    named.source_system,
    named.source_key,
    case
        when words.target is not null then meant.partner_id
        else coalesce(partners.partner_id, plain_partners.partner_id)
    end as partner_id,
    case
        when words.target is not null then 'steward'
        when partners.partner_id is not null then 'exact'
        when plain_partners.partner_id is not null then 'normalised'
    end as method,
    named.uses,
    words.said_by as approved_by,
    named.loaded_at
from named
left join {{ ref('int_word__standing') }} as words
    on
        words.entity = 'party'
        and words.verb = 'map'
        and named.source_system = words.source_system
        and named.source_key = words.source_key
left join partners as meant on words.target = meant.partner_id
left join partners on named.source_key = partners.partner_id
left join plain_partners on {{ plain_code('named.source_key') }} = plain_partners.plain_code
