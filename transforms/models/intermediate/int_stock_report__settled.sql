-- The 3PL's newest stock report (846) a node; older ones no longer speak. Sent again within the
-- same instant, the later document wins an article's lot; total on hand (17) counts only where
-- the report does not say what is available (33).
with reported as (
    select
        *,
        coalesce(report_at, sent_at, loaded_at) as source_as_of,
        coalesce(sent_at, loaded_at) as settled_at
    from {{ ref('stg_threepl__inventory_846') }}
    where not is_deleted
),

newest as (
    select
        *,
        max(source_as_of) over (partition by node_code) as newest_as_of
    from reported
),

ranked as (
    select
        *,
        rank() over (
            partition by node_code, gtin, sku, lot_code, qty_qualifier
            order by settled_at desc, file_sha256 desc, set_index desc
        ) as newness,
        sum(case when qty_qualifier = '33' then 1 else 0 end)
            over (partition by node_code, gtin, sku, lot_code) as available_lines
    from newest
    where source_as_of = newest_as_of
)

select
    {{ document_key() }} as source_key,
    ranked.node_code,
    {{ article_key('ranked.gtin', 'ranked.sku') }} as article_key,
    matched.product_uid,
    coalesce(ranked.lot_code, '') as lot_code,
    codes.canonical_code as disposition,
    {{ to_base('ranked.qty', 'uoms.qty_num', 'uoms.qty_den') }} as qty,
    case
        when matched.product_uid is null then 'unknown_article'
        when uoms.product_uid is null then 'unknown_uom'
        when uoms.conflict is not null then 'factor_conflict'
        when codes.canonical_code is null then 'unknown_code'
    end as orphan_reason,
    coalesce(uoms.conflict, {{ article_key('ranked.gtin', 'ranked.sku') }}) as waits_for,
    ranked.source_as_of,
    ranked.settled_at as source_updated_at,
    ranked.loaded_at
from ranked
left join {{ ref('int_product__matched') }} as matched
    on
        matched.source_system = 'threepl'
        and {{ article_key('ranked.gtin', 'ranked.sku') }} = matched.source_key
left join {{ ref('int_uom__converted') }} as uoms
    on
        matched.product_uid = uoms.product_uid
        -- A report without a unit speaks of eaches (X12 QTY03 is optional).
        and coalesce(ranked.uom, 'EA') = uoms.uom
left join {{ ref('int_code__mapped') }} as codes
    on
        codes.source_system = 'threepl'
        and codes.entity = 'disposition'
        and ranked.qty_qualifier = codes.raw_code
where
    ranked.newness = 1
    and (ranked.qty_qualifier <> '17' or ranked.available_lines = 0)
