-- Rows that no canonical table can hold, or only in part, because they name something that nobody
-- knows. They are counted in the run's account and never dropped silently.
with orphans as (
    select 'erp' as source, 'product_packs' as stream, packs.sku || '/' || packs.pack_level as key,
        'unknown_article' as reason, packs.loaded_at
    from {{ ref('stg_erp__product_packs') }} as packs
    left join {{ ref('stg_erp__products') }} as products on packs.sku = products.sku
    where products.sku is null

    union all

    select 'wms' as source, 'items' as stream, source_key as key,
        'unknown_article' as reason, items.loaded_at
    from {{ ref('int_product__matched') }} as matched
    inner join {{ ref('stg_wms__items') }} as items
        on matched.source_key = cast(items.item_id as varchar)
    where matched.source_system = 'wms' and matched.product_uid is null

    union all

    select 'wms' as source, 'facilities' as stream, facilities.node_code as key,
        'unknown_node' as reason, facilities.loaded_at
    from {{ ref('stg_wms__facilities') }} as facilities
    left join {{ ref('stg_erp__warehouses') }} as nodes on facilities.node_code = nodes.node_code
    where nodes.node_code is null

    union all

    select 'erp' as source, 'sales_order_lines' as stream,
        order_no || '/' || cast(line_no as varchar) as key, orphan_reason as reason, loaded_at
    from {{ ref('int_order_line__converted') }}

    union all

    select 'erp' as source, 'purchase_order_lines' as stream, source_key as key,
        orphan_reason as reason, loaded_at
    from {{ ref('int_purchase_line__converted') }}
    where not is_deleted

    union all

    select 'erp' as source, 'purchase_orders' as stream, orders.po_no as key,
        case when nodes.node_code is null then 'unknown_node' else 'unknown_party' end as reason,
        orders.loaded_at
    from {{ ref('stg_erp__purchase_orders') }} as orders
    left join {{ ref('stg_erp__warehouses') }} as nodes on orders.node_code = nodes.node_code
    left join {{ ref('stg_erp__partners') }} as partners on orders.supplier_id = partners.partner_id
    where nodes.node_code is null or partners.partner_id is null

    union all

    select 'wms' as source, 'bins' as stream, bins.bin_id as key,
        'unknown_node' as reason, bins.loaded_at
    from {{ ref('stg_wms__bins') }} as bins
    left join {{ ref('stg_erp__warehouses') }} as nodes on bins.node_code = nodes.node_code
    where nodes.node_code is null

    union all

    select 'wms' as source, 'lots' as stream,
        cast(lots.item_id as varchar) || '/' || lots.lot_code as key,
        'unknown_article' as reason, lots.loaded_at
    from {{ ref('stg_wms__lots') }} as lots
    left join {{ ref('int_product__matched') }} as matched
        on matched.source_system = 'wms' and cast(lots.item_id as varchar) = matched.source_key
    where matched.product_uid is null

    union all

    select source_system as source, stream, source_key as key, orphan_reason as reason, loaded_at
    from {{ ref('int_movement__unified') }}
    -- A 945 is told of as a shipment's line already.
    where stream <> 'shipping_advice_945'

    union all

    select 'threepl' as source, stream, source_key as key, orphan_reason as reason, loaded_at
    from {{ ref('int_ship_notice__settled') }}

    union all

    select 'wms' as source, 'picks' as stream, cast(pick_id as varchar) as key,
        orphan_reason as reason, loaded_at
    from {{ ref('int_pick__placed') }}

    union all

    select source_system as source, stream, row_key as key, orphan_reason as reason, loaded_at
    from {{ ref('int_stock__positioned') }}

    union all

    select source_system as source,
        case when source_system = 'wms' then 'shipments' else 'shipping_order_940' end as stream,
        shipment_no as key, orphan_reason as reason, loaded_at
    from {{ ref('int_shipment__unified') }}

    union all

    select source_system as source, stream, source_key as key, orphan_reason as reason, loaded_at
    from {{ ref('int_shipment_line__unified') }}

    union all

    select source_system as source, stream, source_key as key, orphan_reason as reason, loaded_at
    from {{ ref('int_package__unified') }}
    where source_system = 'wms'

    union all

    select source_system as source, stream, source_key as key, orphan_reason as reason, loaded_at
    from {{ ref('int_package_item__unified') }}
    where source_system = 'wms' or orphan_reason = 'missing_sscc18'

    union all

    select 'carrier' as source, 'shipments' as stream, label_id as key,
        orphan_reason as reason, loaded_at
    from {{ ref('int_label__linked') }}

    union all

    select 'carrier' as source, 'trackers' as stream, tracker_id as key,
        orphan_reason as reason, loaded_at
    from {{ ref('int_tracker__linked') }}

    union all

    select 'carrier' as source, 'trackers' as stream, tracker_id || '/' || event_uid as key,
        orphan_reason as reason, loaded_at
    from {{ ref('int_tracking_event__ordered') }}
)

select source, stream, key, reason, max(loaded_at) as loaded_at
from orphans
where reason is not null
group by source, stream, key, reason
