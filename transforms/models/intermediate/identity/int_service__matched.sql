{{ config(keeps_before=true) }}

-- Which carrier's service each source's name of one means: a steward's word, the name itself, the name
-- otherwise cased or written. A service is one that the carriers list or that there are rates for;
-- service_uid is null where neither knows it.
with listed as (
    select carrier, service, loaded_at from {{ ref('stg_carrier__service_levels') }}
),

rated as (
    select carrier, service, min(loaded_at) as loaded_at
    from {{ ref('stg_erp__freight_rates') }}
    group by carrier, service
),

named as (
    select 'carrier' as source_system, carrier, service, 1 as uses, loaded_at from listed

    union all

    select 'erp' as source_system, carrier, service, 1 as uses, loaded_at from rated

    union all

    select source_system, carrier, service, count(*) as uses, min(loaded_at) as loaded_at
    from {{ ref('int_shipment__unified') }}
    where carrier <> 'unknown' and service <> 'unknown'
    group by source_system, carrier, service
),

keys as (
    select
        source_system,
        carrier || '/' || service as source_key,
        min({{ service_uid('carrier', 'service') }}) as service_uid,
        sum(uses) as uses,
        min(loaded_at) as loaded_at
    from named
    group by source_system, carrier || '/' || service
),

services as (
    select
        carrier || '/' || service as name,
        {{ service_uid('carrier', 'service') }} as service_uid,
        {{ plain_code("carrier || '/' || service") }} as plain_code
    from named
    where source_system in ('carrier', 'erp')
),

names as (
    select name, min(service_uid) as service_uid from services group by name
),

plain_names as (
    select plain_code, min(service_uid) as service_uid
    from services
    group by plain_code
    having count(distinct service_uid) = 1
)

select
    keys.source_system,
    keys.source_key,
    case
        when words.target is not null then meant.service_uid
        when names.name is not null or cased.service_uid is not null then keys.service_uid
        else plain_names.service_uid
    end as service_uid,
    case
        when words.target is not null then 'steward'
        when names.name is not null then 'exact'
        when cased.service_uid is not null or plain_names.service_uid is not null then 'normalised'
    end as method,
    keys.uses,
    words.said_by as approved_by,
    keys.loaded_at
from keys
left join {{ ref('int_word__standing') }} as words
    on
        words.entity = 'carrier_service'
        and words.verb = 'map'
        and keys.source_system = words.source_system
        and keys.source_key = words.source_key
left join names as meant on words.target = meant.name
left join names on keys.source_key = names.name
left join (select distinct service_uid from services) as cased on keys.service_uid = cased.service_uid
left join plain_names on {{ plain_code('keys.source_key') }} = plain_names.plain_code
