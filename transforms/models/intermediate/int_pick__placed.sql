{{ config(materialized='view') }}

-- The WMS's picks, each with the shipment, the place and the article that it names.
select
    picks.pick_id,
    shipments.shipment_uid,
    shipments.shipment_no,
    picks.order_line_no,
    locations.location_uid,
    matched.product_uid,
    picks.lot_code,
    picks.qty,
    picks.picked_at,
    case
        when shipments.shipment_no is null then 'unknown_shipment'
        when shipments.orphan_reason is not null then shipments.orphan_reason
        when matched.product_uid is null then 'unknown_article'
    end as orphan_reason,
    case when shipments.orphan_reason is not null then shipments.waits_for else cast(picks.item_id as varchar) end
        as waits_for,
    picks.loaded_at,
    picks.is_deleted
from {{ ref('stg_wms__picks') }} as picks
left join {{ ref('int_shipment__unified') }} as shipments
    on shipments.source_system = 'wms' and picks.shipment_no = shipments.shipment_no
left join {{ ref('int_location__matched') }} as locations
    on locations.source_system = 'wms' and picks.bin_id = locations.source_key
left join {{ ref('int_product__matched') }} as matched
    on matched.source_system = 'wms' and cast(picks.item_id as varchar) = matched.source_key
