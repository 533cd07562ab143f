{{ config(touched=['shipment', 'shipment_no', 'shipment_no']) }}

-- The 3PL's orders to ship (940) as they stand: for a shipment's line the newest document counts,
-- and a cancelled shipment (F) or a changed one (R) voids what was sent before.
with documents as (
    select
        *,
        coalesce(shipment_no, order_no) as settled_shipment_no,
        coalesce(sent_at, loaded_at) as settled_at
    from {{ touched(ref('stg_threepl__shipping_order_940'), 'shipment', 'coalesce(shipment_no, order_no)', 'shipment_no') }}
        as documents
    where not is_deleted
),

ranked as (
    select
        *,
        rank() over (
            partition by settled_shipment_no, coalesce(order_line_no, -line_no)
            order by settled_at desc, file_sha256 desc, set_index desc
        ) as newness,
        max(case when reporting_code in ('R', 'F') then settled_at end)
            over (partition by settled_shipment_no) as voided_before,
        min(settled_at) over (partition by settled_shipment_no) as released_at,
        -- An order sent again as it was is no new version of it.
        dense_rank() over (partition by settled_shipment_no order by settled_at) as version
    from documents
),

settled as (
    select *
    from ranked
    where newness = 1 and (voided_before is null or settled_at >= voided_before)
)

select
    {{ document_key() }} as source_key,
    settled.settled_shipment_no as shipment_no,
    settled.order_no,
    settled.node_code,
    settled.order_line_no,
    {{ article_key('settled.gtin', 'settled.sku') }} as article_key,
    matched.product_uid,
    coalesce(carriers.canonical_code, settled.carrier_scac) as carrier,
    settled.routing as service,
    settled.reporting_code = 'F' as is_cancelled,
    settled.version,
    settled.ship_by,
    {{ to_base('settled.qty', 'uoms.qty_num', 'uoms.qty_den') }} as qty,
    case
        when matched.product_uid is null then 'unknown_article'
        when uoms.product_uid is null then 'unknown_uom'
        when uoms.conflict is not null then 'factor_conflict'
    end as orphan_reason,
    coalesce(uoms.conflict, {{ article_key('settled.gtin', 'settled.sku') }}) as waits_for,
    settled.released_at,
    settled.settled_at as source_updated_at,
    settled.loaded_at
from settled
left join {{ ref('int_product__matched') }} as matched
    on
        matched.source_system = 'threepl'
        and {{ article_key('settled.gtin', 'settled.sku') }} = matched.source_key
left join {{ ref('int_uom__converted') }} as uoms
    on matched.product_uid = uoms.product_uid and settled.uom = uoms.uom
left join {{ ref('int_code__mapped') }} as carriers
    on
        carriers.source_system = 'threepl'
        and carriers.entity = 'carrier'
        and settled.carrier_scac = carriers.raw_code
