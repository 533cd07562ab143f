-- What each source says lies where, a source beside the other: nothing is decided here.
with marks as (
    select source_system, max(marked_at) as marked_at
    from {{ ref('int_source__marked') }}
    where source_system = 'wms' or (source_system = 'erp' and stream = 'stock')
    group by source_system
),

-- The WMS's nodes, by one of its codes each.
own as (
    select {{ uid('node', ['nodes.node_code']) }} as node_uid, min(nodes.source_key) as node_key
    from {{ ref('int_node__matched') }} as nodes
    inner join {{ ref('stg_wms__facilities') }} as facilities on nodes.source_key = facilities.node_code
    where nodes.source_system = 'wms' and nodes.node_code is not null
    group by nodes.node_code
),

stated as (
    select
        'wms' as source_system,
        'stock' as stream,
        stock.bin_id || '/' || cast(stock.item_id as varchar) || '/' || stock.lot_code as row_key,
        stock.node_code,
        matched.product_uid,
        stock.lot_code,
        {{ lot_disposition('lots.status', 'stock.disposition') }} as disposition,
        stock.qty,
        case when matched.product_uid is null then 'unknown_article' end as orphan_reason,
        cast(stock.item_id as varchar) as waits_for,
        marks.marked_at as source_as_of,
        stock.source_updated_at,
        stock.loaded_at
    from {{ ref('stg_wms__stock') }} as stock
    inner join marks on marks.source_system = 'wms'
    left join {{ ref('stg_wms__lots') }} as lots
        on stock.item_id = lots.item_id and stock.lot_code = lots.lot_code and not lots.is_deleted
    left join {{ ref('int_product__matched') }} as matched
        on matched.source_system = 'wms' and cast(stock.item_id as varchar) = matched.source_key
    where not stock.is_deleted

    union all

    -- The WMS once more: what its movements add up to, which its stock must equal.
    select
        'wms_ledger' as source_system,
        'movements' as stream,
        movements.bin_id || '/' || movements.product_uid || '/' || movements.lot_code as row_key,
        movements.node_code,
        movements.product_uid,
        movements.lot_code,
        coalesce(movements.disposition, 'available') as disposition,
        sum(movements.qty) as qty,
        cast(null as varchar) as orphan_reason,
        cast(null as varchar) as waits_for,
        max(marks.marked_at) as source_as_of,
        max(movements.source_updated_at) as source_updated_at,
        max(movements.loaded_at) as loaded_at
    from {{ ref('int_movement__unified') }} as movements
    inner join marks on marks.source_system = 'wms'
    where movements.source_system = 'wms' and movements.orphan_reason is null and not movements.is_deleted
    group by
        movements.node_code, movements.bin_id, movements.product_uid, movements.lot_code,
        coalesce(movements.disposition, 'available')

    union all

    -- And, where the WMS has long been silent, what the ERP has heard of since.
    select
        'wms_ledger' as source_system,
        'stock_postings' as stream,
        documents.doc_type || '/' || documents.doc_no || '/' || documents.product_uid as row_key,
        own.node_key as node_code,
        documents.product_uid,
        '' as lot_code,
        'available' as disposition,
        documents.posted_qty as qty,
        cast(null as varchar) as orphan_reason,
        cast(null as varchar) as waits_for,
        wms.marked_at as source_as_of,
        documents.posted_at as source_updated_at,
        documents.loaded_at
    from {{ ref('int_stock_document__paired') }} as documents
    inner join own on documents.node_uid = own.node_uid
    inner join marks as wms on wms.source_system = 'wms'
    inner join marks as erp on erp.source_system = 'erp'
    where
        documents.class in ('over', 'untold')
        and documents.told_qty = 0
        and documents.posted_at > wms.marked_at
        and {{ dbt.datediff('wms.marked_at', 'erp.marked_at', 'second') }} > {{ var('fresh_h') }} * 3600

    union all

    select
        'threepl' as source_system,
        'inventory_846' as stream,
        source_key as row_key,
        node_code,
        product_uid,
        lot_code,
        disposition,
        qty,
        orphan_reason,
        waits_for,
        source_as_of,
        source_updated_at,
        loaded_at
    from {{ ref('int_stock_report__settled') }}

    union all

    select
        'erp' as source_system,
        'stock' as stream,
        stock.node_code || '/' || stock.sku as row_key,
        stock.node_code,
        matched.product_uid,
        '' as lot_code,
        'available' as disposition,
        stock.on_hand_qty as qty,
        case when matched.product_uid is null then 'unknown_article' end as orphan_reason,
        stock.sku as waits_for,
        marks.marked_at as source_as_of,
        stock.source_updated_at,
        stock.loaded_at
    from {{ ref('stg_erp__stock') }} as stock
    inner join marks on marks.source_system = 'erp'
    left join {{ ref('int_product__matched') }} as matched
        on matched.source_system = 'erp' and stock.sku = matched.source_key
    where not stock.is_deleted
)

select
    stated.source_system,
    stated.stream,
    stated.row_key,
    stated.node_code,
    case when nodes.node_code is not null then {{ uid('node', ['nodes.node_code']) }} end as node_uid,
    stated.product_uid,
    stated.lot_code,
    stated.disposition,
    stated.qty,
    case
        when nodes.node_code is null then 'unknown_node'
        else stated.orphan_reason
    end as orphan_reason,
    case when nodes.node_code is null then stated.node_code else stated.waits_for end as waits_for,
    stated.source_as_of,
    stated.source_updated_at,
    stated.loaded_at
from stated
left join {{ ref('int_node__matched') }} as nodes
    on
        case stated.source_system when 'wms_ledger' then 'wms' else stated.source_system end = nodes.source_system
        and stated.node_code = nodes.source_key
