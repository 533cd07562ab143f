{{ config(touched=[
    ['movement', 'movement_no', 'movement_id'],
    ['shipment', "case when stream = 'shipping_advice_945' then doc_no end", 'shipment_no'],
]) }}

-- Changes of stock of own nodes (WMS) and of the 3PL, whose 944, 945 and 947 are its movements.
with moved as (
    select
        'wms' as source_system,
        'movements' as stream,
        cast(movements.movement_id as varchar) as source_key,
        cast(movements.movement_id as varchar) as said_key,
        movements.movement_id as movement_no,
        movements.occurred_at,
        movements.node_code,
        movements.bin_id,
        matched.product_uid,
        movements.lot_code,
        movements.qty,
        -- The WMS keeps the disposition with the position that a movement changes.
        {{ lot_disposition('lots.status', 'stock.disposition') }} as disposition,
        movements.movement_type as type,
        movements.doc_type,
        movements.doc_no,
        case when matched.product_uid is null then 'unknown_article' end as orphan_reason,
        cast(movements.item_id as varchar) as waits_for,
        movements.occurred_at as source_updated_at,
        movements.loaded_at,
        movements.is_deleted
    from {{ touched(ref('stg_wms__movements'), 'movement', 'movement_id') }} as movements
    left join {{ ref('stg_wms__stock') }} as stock
        on
            movements.bin_id = stock.bin_id
            and movements.item_id = stock.item_id
            and movements.lot_code = stock.lot_code
    left join {{ ref('stg_wms__lots') }} as lots
        on movements.item_id = lots.item_id and movements.lot_code = lots.lot_code and not lots.is_deleted
    left join {{ ref('int_product__matched') }} as matched
        on matched.source_system = 'wms' and cast(movements.item_id as varchar) = matched.source_key

    union all

    select
        'threepl' as source_system,
        'transfer_receipt_944' as stream,
        source_key,
        said_key,
        null as movement_no,
        received_at as occurred_at,
        node_code,
        null as bin_id,
        product_uid,
        lot_code,
        qty,
        null as disposition,
        'receive' as type,
        'purchase_order' as doc_type,
        po_no as doc_no,
        orphan_reason,
        waits_for,
        source_updated_at,
        loaded_at,
        false as is_deleted
    from {{ ref('int_transfer_receipt__settled') }}

    union all

    select
        'threepl' as source_system,
        'shipping_advice_945' as stream,
        source_key,
        said_key,
        null as movement_no,
        coalesce(shipped_at, source_updated_at) as occurred_at,
        node_code,
        null as bin_id,
        product_uid,
        coalesce(lot_code, '') as lot_code,
        -qty_shipped as qty,
        'available' as disposition,
        'ship' as type,
        'shipment' as doc_type,
        shipment_no as doc_no,
        orphan_reason,
        waits_for,
        source_updated_at,
        loaded_at,
        false as is_deleted
    from {{ touched(ref('int_shipping_advice__settled'), 'shipment', 'shipment_no') }} as advices
    where not is_cancelled and coalesce(qty_shipped, 1) <> 0

    union all

    select
        'threepl' as source_system,
        'adjustment_947' as stream,
        source_key,
        said_key,
        null as movement_no,
        adjusted_at as occurred_at,
        node_code,
        null as bin_id,
        product_uid,
        lot_code,
        qty,
        null as disposition,
        'adjust' as type,
        'adjustment' as doc_type,
        adjustment_no as doc_no,
        orphan_reason,
        waits_for,
        source_updated_at,
        loaded_at,
        false as is_deleted
    from {{ ref('int_adjustment__settled') }}
)

select
    moved.source_system,
    moved.stream,
    moved.source_key,
    moved.said_key,
    {{ uid('movement', ['moved.source_system', 'moved.stream', 'moved.said_key']) }} as movement_uid,
    moved.movement_no,
    moved.occurred_at,
    moved.node_code,
    case when nodes.node_code is not null then {{ uid('node', ['nodes.node_code']) }} end as node_uid,
    moved.bin_id,
    locations.location_uid,
    moved.product_uid,
    moved.lot_code,
    moved.qty,
    moved.disposition,
    moved.type,
    moved.doc_type,
    moved.doc_no,
    case
        when nodes.node_code is null then 'unknown_node'
        else moved.orphan_reason
    end as orphan_reason,
    case when nodes.node_code is null then moved.node_code else moved.waits_for end as waits_for,
    moved.source_updated_at,
    moved.loaded_at,
    moved.is_deleted
from moved
left join {{ ref('int_node__matched') }} as nodes
    on moved.source_system = nodes.source_system and moved.node_code = nodes.source_key
left join {{ ref('int_location__matched') }} as locations
    on moved.source_system = locations.source_system and moved.bin_id = locations.source_key
