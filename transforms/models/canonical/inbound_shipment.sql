-- A shipment is as far as its orders' receipts: receipts name an order and not a shipment, so what
-- all notices of an order say was sent of a product is held against all that was received of it.
with notices as (
    select * from {{ ref('int_ship_notice__settled') }}
),

sent as (
    select po_uid, product_uid, sum(qty) as qty
    from notices
    where not is_cancelled and po_uid is not null
    group by po_uid, product_uid
),

taken as (
    select po_uid, product_uid, sum(received_qty) as qty
    from {{ ref('receipt_line') }}
    where po_uid is not null
    group by po_uid, product_uid
),

gathered as (
    select
        notices.inbound_uid,
        min(notices.shipment_no) as shipment_no,
        min(notices.supplier_uid) as supplier_uid,
        min(notices.node_uid) as node_uid,
        min(notices.carrier_scac) as carrier_scac,
        min(notices.tracking_no) as tracking_no,
        bool_and(notices.is_cancelled) as is_cancelled,
        sum(case when taken.qty > 0 then 1 else 0 end) as begun,
        sum(case when taken.qty >= sent.qty then 0 else 1 end) as unfinished,
        min(notices.shipped_at) as shipped_at,
        min(notices.eta_date) as eta_date,
        min(notices.source_key) as source_key,
        max(notices.source_updated_at) as source_updated_at,
        max(notices.loaded_at) as loaded_at
    from notices
    left join sent
        on notices.po_uid = sent.po_uid and notices.product_uid = sent.product_uid
    left join taken
        on notices.po_uid = taken.po_uid and notices.product_uid = taken.product_uid
    where notices.node_uid is not null
    group by notices.inbound_uid
),

final as (
    select
        inbound_uid,
        shipment_no,
        supplier_uid,
        node_uid,
        carrier_scac,
        tracking_no,
        case
            when is_cancelled then 'cancelled'
            when unfinished = 0 then 'received'
            when begun > 0 then 'partially_received'
            else 'in_transit'
        end as status,
        shipped_at,
        eta_date,
        'threepl' as source_system,
        source_key,
        source_updated_at,
        loaded_at,
        false as is_deleted
    from gathered
)

{{ canonical('inbound_shipment', 'final') }}
