-- What the 3PL says that it took in (944) as it stands: of a receipt the newest document counts,
-- whole. Two receipts without a number are two.
with documents as (
    select
        *,
        {{ document_key() }} as source_key,
        {{ said_key(['node_code', 'receipt_no']) }} as said_key,
        coalesce(sent_at, loaded_at) as settled_at
    from {{ ref('stg_threepl__transfer_receipt_944') }}
    where not is_deleted
),

ranked as (
    select
        *,
        rank() over (
            partition by
                node_code,
                coalesce(receipt_no, file_sha256 || '/' || cast(set_index as varchar))
            order by settled_at desc, file_sha256 desc, set_index desc
        ) as newness
    from documents
)

select
    ranked.source_key,
    ranked.said_key,
    ranked.receipt_no,
    ranked.depositor_order_no as po_no,
    ranked.node_code,
    coalesce(named.product_uid, listed.product_uid) as product_uid,
    coalesce(ranked.lot_code, '') as lot_code,
    {{ to_base('ranked.qty', 'uoms.qty_num', 'uoms.qty_den') }} as qty,
    {{ to_base('coalesce(ranked.damaged_qty, 0)', 'uoms.qty_num', 'uoms.qty_den') }} as damaged_qty,
    case
        when coalesce(named.product_uid, listed.product_uid) is null then 'unknown_article'
        when uoms.product_uid is null then 'unknown_uom'
        when uoms.conflict is not null then 'factor_conflict'
    end as orphan_reason,
    coalesce(uoms.conflict, {{ article_key('ranked.gtin', 'ranked.sku') }}) as waits_for,
    -- The document tells the day only.
    coalesce(cast(ranked.received_date as timestamptz), ranked.settled_at) as received_at,
    ranked.settled_at as source_updated_at,
    ranked.loaded_at
from ranked
left join {{ ref('int_product__matched') }} as named
    on
        named.source_system = 'threepl'
        and {{ article_key('ranked.gtin', 'ranked.sku') }} = named.source_key
left join {{ ref('int_product__matched') }} as listed
    on listed.source_system = 'erp' and ranked.sku = listed.source_key
left join {{ ref('int_uom__converted') }} as uoms
    on
        coalesce(named.product_uid, listed.product_uid) = uoms.product_uid
        and ranked.uom = uoms.uom
where ranked.newness = 1 and ranked.reporting_code <> 'C'
