-- Days as the newest rates publish them; hours from dock to door as parcels took them, once 30 of
-- a lane were delivered: a 95th percentile of fewer is their slowest or nearly so.
with candidate as (
    select max(marked_at) as as_of from {{ ref('int_source__marked') }}
),

rates as (
    select
        rates.*,
        rank() over (
            partition by rates.service_uid, rates.orig_zone, rates.dest_zone
            order by rates.valid_from desc
        ) as newness
    from {{ ref('carrier_rate') }} as rates
    cross join candidate
    where not rates.is_deleted and rates.valid_from <= cast(candidate.as_of as date)
),

published as (
    select
        service_uid,
        orig_zone,
        dest_zone,
        max(transit_days) as days_published,
        max(loaded_at) as loaded_at
    from rates
    where newness = 1
    group by service_uid, orig_zone, dest_zone
),

delivered as (
    select
        shipments.service_uid,
        nodes.zone as orig_zone,
        orders.ship_to_zone as dest_zone,
        {{ dbt.datediff('shipments.shipped_at', 'packages.delivered_at', 'second') }} as transit_s,
        packages.loaded_at
    from {{ ref('package') }} as packages
    inner join {{ ref('shipment') }} as shipments on packages.shipment_uid = shipments.shipment_uid
    inner join {{ ref('node') }} as nodes on shipments.node_uid = nodes.node_uid
    inner join {{ ref('sales_order') }} as orders on shipments.order_uid = orders.order_uid
    where
        shipments.service_uid is not null
        and packages.delivered_at >= shipments.shipped_at
        and not packages.is_deleted
),

observed as (
    select
        service_uid,
        orig_zone,
        dest_zone,
        count(*) as n_obs,
        cast(percentile_cont(0.5) within group (order by transit_s) / 3600 as decimal(9, 2)) as p50_h,
        cast(percentile_cont(0.95) within group (order by transit_s) / 3600 as decimal(9, 2)) as p95_h,
        max(loaded_at) as loaded_at
    from delivered
    group by service_uid, orig_zone, dest_zone
),

lanes as (
    select
        coalesce(published.service_uid, observed.service_uid) as service_uid,
        coalesce(published.orig_zone, observed.orig_zone) as orig_zone,
        coalesce(published.dest_zone, observed.dest_zone) as dest_zone,
        published.days_published,
        observed.p50_h,
        observed.p95_h,
        coalesce(observed.n_obs, 0) as n_obs,
        greatest(published.loaded_at, observed.loaded_at) as loaded_at
    from published
    full outer join observed
        on
            published.service_uid = observed.service_uid
            and published.orig_zone = observed.orig_zone
            and published.dest_zone = observed.dest_zone
),

final as (
    select
        lanes.service_uid,
        lanes.orig_zone,
        lanes.dest_zone,
        candidate.as_of,
        lanes.days_published,
        case when lanes.n_obs >= {{ var('observed_from') }} then lanes.p50_h end as p50_h,
        case when lanes.n_obs >= {{ var('observed_from') }} then lanes.p95_h end as p95_h,
        lanes.n_obs,
        case when lanes.n_obs >= {{ var('observed_from') }} then 'observed' else 'published' end as basis,
        'hub' as source_system,
        lanes.service_uid || '/' || lanes.orig_zone || '/' || lanes.dest_zone as source_key,
        candidate.as_of as source_updated_at,
        lanes.loaded_at,
        false as is_deleted
    from lanes
    cross join candidate
)

{{ canonical('lane_transit', 'final') }}
