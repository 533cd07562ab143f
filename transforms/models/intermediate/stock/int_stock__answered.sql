-- Whose word on stock counts, a product at a node at a time, and how far it can be trusted. The rule
-- is survivorship's (inventory.qty in dbt_project.yml); a figure that its own movements contradict
-- while the ERP agrees with them gives way to them.
{%- set rule = priority_rule('inventory', 'qty', ['wms', 'threepl', 'erp']) %}
with reconciled as (
    select * from {{ ref('int_stock__reconciled') }}
),

now_as_of as (
    select max(marked_at) as as_of from {{ ref('int_source__marked') }}
),

-- Articles that somebody speaks of under a code or a name that may be another's, and what a steward is
-- asked about it.
doubts as (
    select
        product_uid,
        source_system,
        source_key,
        doubt as task_kind,
        'The article that ' || source_system || ' calls ' || source_key || ' may be another one ('
        || replace(doubt, '_', ' ') || ').' as doubted_because
    from {{ ref('int_product__matched') }}
    where doubt is not null and product_uid is not null

    union all

    select
        identified.product_uid,
        matched.source_system,
        matched.source_key,
        coalesce(matched.doubt, 'unknown_article') as task_kind,
        'The article that ' || matched.source_system || ' calls ' || matched.source_key
        || ' may be this one: its name is like this one''s.' as doubted_because
    from {{ ref('int_article__compared') }} as compared
    inner join {{ ref('int_product__matched') }} as matched
        on
            compared.source_system = matched.source_system
            and compared.source_key = matched.source_key
    inner join {{ ref('int_product__identified') }} as identified on compared.sku = identified.sku
    where
        compared.place = 1
        and compared.source_system in ('wms', 'threepl')
        and (matched.doubt is not null or matched.product_uid is null)
        -- Else its own code doubts it already.
        and (matched.product_uid is null or matched.product_uid <> identified.product_uid)
),

doubted as (
    select distinct product_uid from doubts
),

-- One a node's system, the first by its key: settling it brings up the next.
doubted_nodes as (
    select
        product_uid,
        source_system,
        min(source_key) as source_key,
        min_by(doubted_because, source_key) as doubted_because,
        min_by({{ uid('task', ['task_kind', 'source_system', 'source_key']) }}, source_key) as doubt_task_uid
    from doubts
    where source_system in ('wms', 'threepl')
    group by product_uid, source_system
),

weighed as (
    select
        reconciled.*,
        doubted.product_uid is not null as is_doubted,
        doubted_nodes.product_uid is not null as is_node_doubted,
        doubted_nodes.doubted_because,
        doubted_nodes.doubt_task_uid,
        {{ dbt.datediff('reconciled.node_as_of', 'now_as_of.as_of', 'second') }} > {{ var('fresh_h') }} * 3600
            as is_node_old,
        coalesce(
            {{ dbt.datediff('reconciled.node_as_of', 'reconciled.erp_as_of', 'second') }}
            > {{ rule.get('max_age_h', 'null') }} * 3600,
            false
        ) as is_node_overtaken
    from reconciled
    cross join now_as_of
    left join doubted on reconciled.product_uid = doubted.product_uid
    left join doubted_nodes
        on
            reconciled.product_uid = doubted_nodes.product_uid
            and reconciled.node_source = doubted_nodes.source_system
),

chosen as (
    select
        *,
        case
            when node_qty is null then 'erp'
            {%- for source in rule.sources[rule.sources.index('erp') + 1:] %}
            when node_source = '{{ source }}' and erp_qty is not null then 'erp'
            {%- endfor %}
            -- What lies there may be another article: the ERP at least means this one.
            when is_node_doubted and erp_qty is not null then 'erp'
            -- Its movements, and what the ERP has heard of since, are the best that there is.
            when is_node_overtaken and ledger_qty is not null then 'wms_ledger'
            when is_node_overtaken then 'erp'
            when is_torn and (residual = 0 or class = 'pack_factor') then 'wms_ledger'
            else node_source
        end as winner_source
    from weighed
)

select
    node_uid,
    product_uid,
    winner_source,
    cast(
        case
            when is_doubted then {{ var('score_doubted') }}
            when winner_source = 'erp' or is_node_overtaken then {{ var('confidence_belief') }}
            when is_torn and residual <> 0 and class <> 'pack_factor' then {{ var('score_doubted') }}
            when is_node_old then {{ var('confidence_stale') }}
            when class in ('unexplained', 'several_documents') and not is_torn
                then {{ var('confidence_stale') }}
            else {{ var('confidence_fresh') }}
        end as decimal(4, 3)
    ) as confidence,
    class,
    -- Whose name of the article is doubted counted something else, as far as anybody knows.
    case when is_node_doubted and suspect is not null then node_source else suspect end as suspect,
    case when suspect is not null then doubted_because end as doubted_because,
    case when suspect is not null then doubt_task_uid end as doubt_task_uid,
    is_doubted,
    erp_qty,
    node_qty,
    ledger_qty,
    late_qty,
    residual,
    is_torn,
    said,
    loaded_at
from chosen
