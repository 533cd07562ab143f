{{ config(touched=['package', 'package_uid', 'package_uid']) }}

-- The status of each parcel that a carrier follows: that of its last accepted event, since the
-- first of the run of events that say so.
with accepted as (
    select
        *,
        lag(canonical_status) over (
            partition by package_uid order by track_cycle, place_in_order, tracker_id
        ) as previous_status
    from {{ touched(ref('int_tracking_event__ordered'), 'package', 'package_uid') }} as events
    where is_accepted and package_uid is not null
),

changes as (
    select
        *,
        row_number() over (
            partition by package_uid order by track_cycle desc, place_in_order desc, tracker_id desc
        ) as recency
    from accepted
    where previous_status is null or canonical_status <> previous_status
),

deliveries as (
    select package_uid, min(event_at) as delivered_at
    from accepted
    where canonical_status = 'delivered'
    group by package_uid
)

select
    changes.package_uid,
    changes.canonical_status as status,
    changes.event_at as status_at,
    deliveries.delivered_at
from changes
left join deliveries on changes.package_uid = deliveries.package_uid
where changes.recency = 1
