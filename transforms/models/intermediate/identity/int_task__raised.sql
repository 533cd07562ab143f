-- Everything that a person should look at about who is who and what is what: one question a cause,
-- however many rows wait for it. `rows_affected` counts them.
with matched as (
    select * from {{ ref('int_product__matched') }}
),

best as (
    select * from {{ ref('int_article__compared') }} where place = 1
),

claims as (
    select * from {{ ref('int_article__claimed') }}
),

waiting as (
    select
        task_kind,
        task_source,
        task_key,
        min(stream) as stream,
        min(key) as example,
        count(*) as orphans,
        min(loaded_at) as since
    from {{ ref('int_orphan__collected') }}
    group by task_kind, task_source, task_key
),

settled as (
    select source_system, source_key from {{ ref('int_word__standing') }}
    where entity = 'product' and verb = 'accept'
),

unknown as (
    select
        'unknown_article' as kind,
        'product' as entity,
        matched.source_system,
        matched.source_key,
        cast(null as varchar) as entity_uid,
        best.sku as proposal,
        concat_ws(
            '; ', 'sku ' || claims.sku, 'gtin ' || claims.raw_gtin, 'called "' || claims.name || '"',
            'name is like that of ' || best.sku || ' by ' || cast(round(best.likeness, 2) as varchar)
            || case when best.has_other_numbers then ', but its numbers differ' else '' end
        ) as evidence,
        'Say which article it is: crossdock tasks map TASK SKU; or enter it in the ERP.' as next_step,
        -- A listing waits though no canonical table lacks its row.
        coalesce(waiting.orphans, 1) as rows_affected,
        matched.loaded_at as since
    from matched
    inner join claims
        on matched.source_system = claims.source_system and matched.source_key = claims.source_key
    left join best on matched.source_system = best.source_system and matched.source_key = best.source_key
    left join waiting
        on
            waiting.task_kind = 'unknown_article'
            and matched.source_system = waiting.task_source
            and matched.source_key = waiting.task_key
    where matched.product_uid is null
),

doubted as (
    select
        matched.doubt as kind,
        'product' as entity,
        matched.source_system,
        matched.source_key,
        matched.product_uid as entity_uid,
        case
            when matched.doubt = 'name_disagrees' then best.sku
            else coalesce(coded.exact_sku, coded.normalised_sku)
        end as proposal,
        concat_ws(
            '; ', 'its code means ' || matched.sku, 'sku ' || claims.sku, 'gtin ' || claims.raw_gtin,
            'called "' || claims.name || '"',
            'name is like that of ' || best.sku || ' by ' || cast(round(best.likeness, 2) as varchar)
        ) as evidence,
        'Look at the article itself, then crossdock tasks map TASK SKU, or accept what the code says.'
            as next_step,
        1 as rows_affected,
        matched.loaded_at as since
    from matched
    inner join claims
        on matched.source_system = claims.source_system and matched.source_key = claims.source_key
    inner join {{ ref('int_article__coded') }} as coded
        on matched.source_system = coded.source_system and matched.source_key = coded.source_key
    left join best on matched.source_system = best.source_system and matched.source_key = best.source_key
    where matched.doubt in ('codes_disagree', 'name_disagrees')
),

-- Two articles of the ERP under one GTIN: one of them is the other, or one of the codes is wrong.
twins as (
    select
        'duplicate_product' as kind,
        'product' as entity,
        'erp' as source_system,
        max(identified.sku) as source_key,
        cast(null as varchar) as entity_uid,
        min(identified.sku) as proposal,
        'GTIN ' || claims.gtin14 || ' belongs to ' || min(identified.sku) || ' and ' || max(identified.sku)
            as evidence,
        'Merge them (crossdock tasks merge TASK SKU), or have the wrong GTIN corrected in the ERP.'
            as next_step,
        count(*) as rows_affected,
        max(claims.loaded_at) as since
    from claims
    inner join {{ ref('int_product__identified') }} as identified
        on claims.source_system = 'erp' and claims.source_key = identified.sku
    where claims.gtin14 is not null
    group by claims.gtin14
    having count(distinct identified.survivor) > 1
),

conflicts as (
    {%- for rule in survivorship_rules('product') if rule.conflict_pct is defined %}
    select
        'attribute_conflict' as kind,
        'product' as entity,
        {{ rule.attribute }}__source as source_system,
        sku || '/{{ rule.attribute }}' as source_key,
        product_uid as entity_uid,
        cast({{ rule.attribute }} as varchar) as proposal,
        'sources are more than {{ rule.conflict_pct }} % apart; '
        || {{ rule.attribute }}__source || ' says ' || cast({{ rule.attribute }} as varchar) as evidence,
        'Measure it again, and have the wrong one corrected at its source.' as next_step,
        1 as rows_affected,
        loaded_at as since
    from {{ ref('int_product__survived') }}
    where {{ rule.attribute }}__conflicts
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
),

nodes_unknown as (
    select
        'unknown_node' as kind,
        'node' as entity,
        named.source_system,
        named.source_key,
        cast(null as varchar) as entity_uid,
        cast(null as varchar) as proposal,
        'stands in ' || named.source_system || ' ' || named.stream
        || '; the ERP has no warehouse of that code or GLN' as evidence,
        'Say which node it is: crossdock tasks map TASK CODE; or enter it in the ERP.' as next_step,
        coalesce(waiting.orphans, 1) as rows_affected,
        named.loaded_at as since
    from {{ ref('int_node__matched') }} as named
    left join waiting
        on
            waiting.task_kind = 'unknown_node'
            and named.source_system = waiting.task_source
            and named.source_key = waiting.task_key
    where named.node_code is null
),

services_unknown as (
    select
        'unknown_service' as kind,
        'carrier_service' as entity,
        source_system,
        source_key,
        cast(null as varchar) as entity_uid,
        cast(null as varchar) as proposal,
        'shipments go by it; no carrier lists it and there are no rates for it' as evidence,
        'Say which service it is: crossdock tasks map TASK CARRIER/SERVICE; or have its rates entered in the ERP.'
            as next_step,
        uses as rows_affected,
        loaded_at as since
    from {{ ref('int_service__matched') }}
    where service_uid is null
),

parties_unknown as (
    select
        'unknown_party' as kind,
        'party' as entity,
        source_system,
        source_key,
        cast(null as varchar) as entity_uid,
        cast(null as varchar) as proposal,
        'it sends ship notices; the ERP has no partner of that number' as evidence,
        'Say which partner it is: crossdock tasks map TASK PARTNER; or enter it in the ERP.' as next_step,
        uses as rows_affected,
        loaded_at as since
    from {{ ref('int_party__matched') }}
    where partner_id is null
),

references_unknown as (
    select
        'unknown_reference' as kind,
        stream as entity,
        task_source as source_system,
        task_key as source_key,
        cast(null as varchar) as entity_uid,
        cast(null as varchar) as proposal,
        'first: ' || example as evidence,
        'Ask the owner of the source what it means; rows come in by themselves once it is known.'
            as next_step,
        orphans as rows_affected,
        since
    from waiting
    where task_kind = 'unknown_reference'
),

factors as (
    select
        'factor_conflict' as kind,
        'product_pack' as entity,
        waiting.task_source as source_system,
        waiting.task_key as source_key,
        max(stated.product_uid) as entity_uid,
        cast(null as varchar) as proposal,
        string_agg(
            stated.source_system || ' ' || stated.source_key || ' says ' || cast(stated.qty_num as varchar)
            || case when stated.qty_den <> 1 then '/' || cast(stated.qty_den as varchar) else '' end,
            '; ' order by stated.source_system, stated.source_key
        ) as evidence,
        'Count a pack, and have the wrong factor corrected at its source; rows come in by themselves then.'
            as next_step,
        max(waiting.orphans) as rows_affected,
        min(waiting.since) as since
    from waiting
    inner join {{ ref('int_uom__converted') }} as units on waiting.task_key = units.conflict
    inner join {{ ref('int_uom__stated') }} as stated
        on units.product_uid = stated.product_uid and units.uom = stated.uom
    where waiting.task_kind = 'factor_conflict'
    group by waiting.task_source, waiting.task_key
),

differences as (
    select
        'stock_difference' as kind,
        'inventory' as entity,
        coalesce(answered.suspect, 'erp') as source_system,
        nodes.node_code || '/' || products.sku as source_key,
        answered.product_uid as entity_uid,
        cast(null as varchar) as proposal,
        concat_ws(
            '; ', replace(answered.class, '_', ' '),
            'at the node ' || cast(answered.node_qty as varchar),
            'its movements ' || cast(answered.ledger_qty as varchar),
            'in the ERP ' || cast(answered.erp_qty as varchar),
            case when answered.late_qty <> 0 then 'in flight ' || cast(answered.late_qty as varchar) end,
            answered.said, answered.doubted_because
        ) as evidence,
        {{ next_step_of('answered') }} as next_step,
        1 as rows_affected,
        answered.loaded_at as since
    from {{ ref('int_stock__answered') }} as answered
    inner join {{ ref('int_product__survived') }} as products
        on answered.product_uid = products.product_uid
    inner join {{ ref('stg_erp__warehouses') }} as nodes
        on answered.node_uid = {{ uid('node', ['nodes.node_code']) }}
    where answered.class not in ('single_source', 'agreed', 'in_flight')
),

raised as (
    select * from unknown
    union all
    select * from doubted
    union all
    select * from twins
    union all
    select * from conflicts
    union all
    select * from nodes_unknown
    union all
    select * from services_unknown
    union all
    select * from parties_unknown
    union all
    select * from references_unknown
    union all
    select * from factors
    union all
    select * from differences
)

select
    {{ uid('task', ['raised.kind', 'raised.source_system', 'raised.source_key']) }} as task_uid,
    raised.kind,
    raised.entity,
    raised.source_system,
    raised.source_key,
    raised.entity_uid,
    raised.proposal,
    raised.evidence,
    raised.next_step,
    cast(raised.rows_affected as bigint) as rows_affected,
    raised.since
from raised
left join settled
    on raised.source_system = settled.source_system and raised.source_key = settled.source_key
-- What waits cannot be waved through: only an answer that names something lets it in.
where settled.source_key is null or raised.kind in ('unknown_article', 'unknown_node', 'unknown_service', 'unknown_party', 'unknown_reference', 'factor_conflict')
