-- Rows that no canonical table can hold, or only in part, because they name something that nobody
-- knows or say what cannot be. They are counted in the run's account and never dropped silently.
-- Each asks one question, `task_uid`: about its article or its unit, or, where it does not say which
-- or an answer is of no use, about all rows of its stream that wait for the same reason.
with orphans as (
    select 'erp' as source, 'product_packs' as stream, packs.sku || '/' || packs.pack_level as key,
        'unknown_article' as reason,
        packs.sku as waits_for, packs.loaded_at
    from {{ ref('stg_erp__product_packs') }} as packs
    left join {{ ref('stg_erp__products') }} as products on packs.sku = products.sku
    where products.sku is null

    union all

    select 'wms' as source, 'items' as stream, source_key as key,
        'unknown_article' as reason,
        source_key as waits_for, items.loaded_at
    from {{ ref('int_product__matched') }} as matched
    inner join {{ ref('stg_wms__items') }} as items
        on matched.source_key = cast(items.item_id as varchar)
    where matched.source_system = 'wms' and matched.product_uid is null

    union all

    select 'wms' as source, 'facilities' as stream, facilities.node_code as key,
        'unknown_node' as reason,
        facilities.node_code as waits_for, facilities.loaded_at
    from {{ ref('stg_wms__facilities') }} as facilities
    left join {{ ref('int_node__matched') }} as nodes
        on nodes.source_system = 'wms' and facilities.node_code = nodes.source_key
    where nodes.node_code is null

    union all

    select 'erp' as source, 'sales_order_lines' as stream,
        order_no || '/' || cast(line_no as varchar) as key, orphan_reason as reason,
        waits_for, loaded_at
    from {{ ref('int_order_line__converted') }}

    union all

    select 'erp' as source, 'purchase_order_lines' as stream, source_key as key,
        orphan_reason as reason,
        waits_for, loaded_at
    from {{ ref('int_purchase_line__converted') }}
    where not is_deleted

    union all

    select 'erp' as source, 'purchase_orders' as stream, orders.po_no as key,
        case when nodes.node_code is null then 'unknown_node' else 'unknown_party' end as reason,
        cast(null as varchar) as waits_for, orders.loaded_at
    from {{ ref('stg_erp__purchase_orders') }} as orders
    left join {{ ref('stg_erp__warehouses') }} as nodes on orders.node_code = nodes.node_code
    left join {{ ref('stg_erp__partners') }} as partners on orders.supplier_id = partners.partner_id
    where nodes.node_code is null or partners.partner_id is null

    union all

    select 'wms' as source, 'bins' as stream, bins.bin_id as key,
        'unknown_node' as reason,
        bins.node_code as waits_for, bins.loaded_at
    from {{ ref('stg_wms__bins') }} as bins
    inner join {{ ref('int_location__matched') }} as places
        on places.source_system = 'wms' and bins.bin_id = places.source_key
    where places.node_uid is null

    union all

    select 'wms' as source, 'lots' as stream,
        cast(lots.item_id as varchar) || '/' || lots.lot_code as key,
        'unknown_article' as reason,
        cast(lots.item_id as varchar) as waits_for, lots.loaded_at
    from {{ ref('stg_wms__lots') }} as lots
    left join {{ ref('int_product__matched') }} as matched
        on matched.source_system = 'wms' and cast(lots.item_id as varchar) = matched.source_key
    where matched.product_uid is null

    union all

    select source_system as source, stream, source_key as key, orphan_reason as reason,
        waits_for, loaded_at
    from {{ ref('int_movement__unified') }}
    -- A 945 is told of as a shipment's line already.
    where stream <> 'shipping_advice_945'

    union all

    select 'threepl' as source, stream, source_key as key, orphan_reason as reason,
        waits_for, loaded_at
    from {{ ref('int_ship_notice__settled') }}

    union all

    select 'wms' as source, 'picks' as stream, cast(pick_id as varchar) as key,
        orphan_reason as reason,
        waits_for, loaded_at
    from {{ ref('int_pick__placed') }}

    union all

    select source_system as source, stream, row_key as key, orphan_reason as reason,
        waits_for, loaded_at
    from {{ ref('int_stock__positioned') }}

    union all

    select source_system as source,
        case when source_system = 'wms' then 'shipments' else 'shipping_order_940' end as stream,
        shipment_no as key, orphan_reason as reason,
        waits_for, loaded_at
    from {{ ref('int_shipment__unified') }}

    union all

    select source_system as source, stream, source_key as key, orphan_reason as reason,
        waits_for, loaded_at
    from {{ ref('int_shipment_line__unified') }}

    union all

    select source_system as source, stream, source_key as key, orphan_reason as reason,
        waits_for, loaded_at
    from {{ ref('int_package__unified') }}
    where source_system = 'wms'

    union all

    select source_system as source, stream, source_key as key, orphan_reason as reason,
        waits_for, loaded_at
    from {{ ref('int_package_item__unified') }}
    where source_system = 'wms' or orphan_reason = 'missing_sscc18'

    union all

    select 'carrier' as source, 'shipments' as stream, label_id as key,
        orphan_reason as reason,
        cast(null as varchar) as waits_for, loaded_at
    from {{ ref('int_label__linked') }}

    union all

    select 'carrier' as source, 'trackers' as stream, tracker_id as key,
        orphan_reason as reason,
        cast(null as varchar) as waits_for, loaded_at
    from {{ ref('int_tracker__linked') }}

    union all

    select 'carrier' as source, 'trackers' as stream, tracker_id || '/' || event_uid as key,
        orphan_reason as reason,
        cast(null as varchar) as waits_for, loaded_at
    from {{ ref('int_tracking_event__ordered') }}

    union all

    select 'erp' as source, 'freight_rates' as stream, source_key as key, orphan_reason as reason,
        cast(null as varchar) as waits_for, loaded_at
    from {{ ref('int_rate__checked') }}
    where not is_deleted

    union all

    select stated.source_system as source, stated.stream, stated.source_key as key,
        'factor_conflict' as reason, units.conflict as waits_for, stated.loaded_at
    from {{ ref('int_uom__stated') }} as stated
    inner join {{ ref('int_uom__converted') }} as units
        on stated.product_uid = units.product_uid and stated.uom = units.uom
    where stated.stream = 'product_packs' and units.conflict is not null
),

gathered as (
    select source, stream, key, reason, max(waits_for) as waits_for, max(loaded_at) as loaded_at
    from orphans
    where reason is not null
    group by source, stream, key, reason
),

asked as (
    select
        gathered.*,
        case
            when gathered.reason = 'factor_conflict' then 'factor_conflict'
            when unknown.source_key is not null then 'unknown_article'
            when places.source_key is not null then 'unknown_node'
            else 'unknown_reference'
        end as task_kind
    from gathered
    left join {{ ref('int_product__matched') }} as unknown
        on
            gathered.reason = 'unknown_article'
            and gathered.source = unknown.source_system
            and gathered.waits_for = unknown.source_key
            and unknown.product_uid is null
    left join {{ ref('int_node__matched') }} as places
        on
            gathered.reason = 'unknown_node'
            and gathered.source = places.source_system
            and gathered.waits_for = places.source_key
            and places.node_code is null
),

named as (
    select
        *,
        -- The ERP is asked about factors, whoever names the unit.
        case when task_kind = 'factor_conflict' then 'erp' else source end as task_source,
        case when task_kind = 'unknown_reference' then reason || ' in ' || stream else waits_for end as task_key
    from asked
)

select
    source,
    stream,
    key,
    reason,
    loaded_at,
    task_kind,
    task_source,
    task_key,
    {{ uid('task', ['task_kind', 'task_source', 'task_key']) }} as task_uid
from named
