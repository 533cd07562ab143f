{{ config(touched=['shipment', 'shipment_no', 'shipment_no']) }}

-- Shipments of own nodes (WMS) and of the 3PL (940 and 945) in one shape.
with ordered as (
    select
        shipment_no,
        min(order_no) as order_no,
        min(node_code) as node_code,
        max(carrier) as carrier,
        max(service) as service,
        min(released_at) as released_at,
        bool_and(is_cancelled) as is_cancelled,
        max(source_updated_at) as source_updated_at,
        max(loaded_at) as loaded_at
    from {{ touched(ref('int_shipping_order__settled'), 'shipment', 'shipment_no') }} as orders
    group by shipment_no
),

advised as (
    select
        shipment_no,
        min(order_no) as order_no,
        min(node_code) as node_code,
        max(carrier) as carrier,
        max(service) as service,
        min(shipped_at) as shipped_at,
        bool_and(is_cancelled) as is_cancelled,
        max(source_updated_at) as source_updated_at,
        max(loaded_at) as loaded_at
    from {{ touched(ref('int_shipping_advice__settled'), 'shipment', 'shipment_no') }} as advices
    group by shipment_no
),

unified as (
    select
        'wms' as source_system,
        shipment_no,
        order_no,
        node_code,
        carrier,
        service,
        status,
        released_at,
        shipped_at,
        source_updated_at,
        loaded_at,
        is_deleted
    from {{ touched(ref('stg_wms__shipments'), 'shipment', 'shipment_no') }} as shipments

    union all

    select
        'threepl' as source_system,
        coalesce(ordered.shipment_no, advised.shipment_no) as shipment_no,
        coalesce(advised.order_no, ordered.order_no) as order_no,
        coalesce(ordered.node_code, advised.node_code) as node_code,
        coalesce(advised.carrier, ordered.carrier, 'unknown') as carrier,
        coalesce(advised.service, ordered.service, 'unknown') as service,
        case
            when advised.is_cancelled then 'cancelled'
            when advised.shipment_no is not null then 'shipped'
            when ordered.is_cancelled then 'cancelled'
            else 'released'
        end as status,
        ordered.released_at,
        case when not advised.is_cancelled then advised.shipped_at end as shipped_at,
        greatest(ordered.source_updated_at, advised.source_updated_at) as source_updated_at,
        greatest(ordered.loaded_at, advised.loaded_at) as loaded_at,
        false as is_deleted
    from ordered
    full outer join advised on ordered.shipment_no = advised.shipment_no
)

select
    unified.source_system,
    unified.shipment_no,
    {{ uid('shipment', ['unified.source_system', 'unified.shipment_no']) }} as shipment_uid,
    unified.order_no,
    case when orders.order_no is not null then {{ uid('order', ['orders.order_no']) }} end as order_uid,
    unified.node_code,
    case when nodes.node_code is not null then {{ uid('node', ['nodes.node_code']) }} end as node_uid,
    unified.carrier,
    unified.service,
    unified.status,
    case
        when orders.order_no is null then 'unknown_order'
        when nodes.node_code is null then 'unknown_node'
    end as orphan_reason,
    unified.node_code as waits_for,
    unified.released_at,
    unified.shipped_at,
    unified.source_updated_at,
    unified.loaded_at,
    unified.is_deleted
from unified
left join {{ ref('stg_erp__sales_orders') }} as orders on unified.order_no = orders.order_no
left join {{ ref('int_node__matched') }} as nodes
    on unified.source_system = nodes.source_system and unified.node_code = nodes.source_key
