-- What is on its way to a node (856 of suppliers, 943 of transfers) as it stands: of a sender's
-- shipment the newest document counts, whole, and a cancellation counts as one.
with documents as (
    select
        'ship_notice_856' as stream,
        {{ document_key() }} as source_key,
        file_sha256,
        set_index,
        line_index,
        shipment_no,
        ship_from_id as sender_code,
        ship_to_id as node_code,
        po_no,
        carrier_scac,
        tracking_no,
        {{ sscc18('sscc18') }} as sscc18,
        gtin,
        sku,
        lot_code,
        uom,
        qty,
        coalesce(purpose_code = '01', false) as is_cancelled,
        shipped_at,
        eta_date,
        coalesce(sent_at, loaded_at) as settled_at,
        loaded_at
    from {{ ref('stg_threepl__ship_notice_856') }}
    where not is_deleted

    union all

    select
        'transfer_shipment_943' as stream,
        {{ document_key() }} as source_key,
        file_sha256,
        set_index,
        line_index,
        coalesce(shipment_no, depositor_order_no, {{ document_key() }}) as shipment_no,
        ship_from_id as sender_code,
        node_code,
        po_no,
        carrier_scac,
        null as tracking_no,
        null as sscc18,
        gtin,
        sku,
        lot_code,
        uom,
        qty,
        reporting_code = 'C' as is_cancelled,
        cast(shipped_date as timestamptz) as shipped_at,
        eta_date,
        coalesce(sent_at, loaded_at) as settled_at,
        loaded_at
    from {{ ref('stg_threepl__transfer_shipment_943') }}
    where not is_deleted
),

-- An order of a node that nobody knows is an orphan itself, and nothing can lead to it.
orders as (
    select orders.po_no
    from {{ ref('stg_erp__purchase_orders') }} as orders
    inner join {{ ref('stg_erp__warehouses') }} as nodes on orders.node_code = nodes.node_code
),

ranked as (
    select
        *,
        rank() over (
            partition by stream, sender_code, node_code, shipment_no
            order by settled_at desc, file_sha256 desc, set_index desc
        ) as newness
    from documents
)

select
    ranked.stream,
    ranked.source_key,
    {{ uid('inbound', [
        'ranked.stream', 'ranked.sender_code', 'ranked.node_code', 'ranked.shipment_no',
    ]) }} as inbound_uid,
    ranked.line_index as line_no,
    ranked.shipment_no,
    case when partners.partner_id is not null then {{ uid('party', ['partners.partner_id']) }} end
        as supplier_uid,
    case when nodes.node_code is not null then {{ uid('node', ['nodes.node_code']) }} end as node_uid,
    case when orders.po_no is not null then {{ uid('purchase_order', ['orders.po_no']) }} end as po_uid,
    ranked.carrier_scac,
    ranked.tracking_no,
    ranked.sscc18,
    coalesce(named.product_uid, listed.product_uid) as product_uid,
    coalesce(ranked.lot_code, '') as lot_code,
    {{ to_base('ranked.qty', 'uoms.qty_num', 'uoms.qty_den') }} as qty,
    ranked.uom,
    ranked.qty as qty_raw,
    ranked.is_cancelled,
    case
        when nodes.node_code is null then 'unknown_node'
        when coalesce(named.product_uid, listed.product_uid) is null then 'unknown_article'
        when uoms.product_uid is null then 'unknown_uom'
        when uoms.conflict is not null then 'factor_conflict'
    end as orphan_reason,
    case
        when nodes.node_code is null then ranked.node_code
        else coalesce(uoms.conflict, {{ article_key('ranked.gtin', 'ranked.sku') }})
    end as waits_for,
    ranked.shipped_at,
    ranked.eta_date,
    ranked.settled_at as source_updated_at,
    ranked.loaded_at
from ranked
left join {{ ref('int_party__matched') }} as partners
    on
        partners.source_system = 'threepl'
        and case when ranked.stream = 'ship_notice_856' then ranked.sender_code end = partners.source_key
left join {{ ref('int_node__matched') }} as nodes
    on nodes.source_system = 'threepl' and ranked.node_code = nodes.source_key
left join orders on ranked.po_no = orders.po_no
left join {{ ref('int_product__matched') }} as named
    on
        named.source_system = 'threepl'
        and {{ article_key('ranked.gtin', 'ranked.sku') }} = named.source_key
-- What the 3PL has never held stands in none of its reports, but our own number names it.
left join {{ ref('int_product__matched') }} as listed
    on listed.source_system = 'erp' and ranked.sku = listed.source_key
left join {{ ref('int_uom__converted') }} as uoms
    on
        coalesce(named.product_uid, listed.product_uid) = uoms.product_uid
        and ranked.uom = uoms.uom
where ranked.newness = 1
