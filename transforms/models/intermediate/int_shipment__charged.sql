{{ config(touched=['fulfilment', 'shipment_uid', 'shipment_uid']) }}

-- What the carriers charge for a shipment and when they expect to deliver it: over its parcels.
with charged as (
    select shipment_uid, sum(cost) as cost, max(currency) as currency
    from {{ touched(ref('int_label__linked'), 'fulfilment', 'shipment_uid') }} as labels
    where orphan_reason is null and cost is not null
    group by shipment_uid
),

expected as (
    select packages.shipment_uid, max(trackers.est_delivery_at) as est_delivery_at
    from {{ ref('int_tracker__linked') }} as trackers
    inner join {{ touched(ref('int_package__unified'), 'fulfilment', 'shipment_uid') }} as packages
        on trackers.package_uid = packages.package_uid
    group by packages.shipment_uid
)

select
    coalesce(charged.shipment_uid, expected.shipment_uid) as shipment_uid,
    charged.cost,
    charged.currency,
    expected.est_delivery_at
from charged
full outer join expected on charged.shipment_uid = expected.shipment_uid
