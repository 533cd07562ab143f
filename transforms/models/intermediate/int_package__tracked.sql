-- The status of each parcel that a carrier follows: its last accepted event.
with accepted as (
    select
        *,
        row_number() over (
            partition by package_uid
            order by track_cycle desc, place_in_order desc, tracker_id
        ) as recency
    from {{ ref('int_tracking_event__ordered') }}
    where is_accepted and package_uid is not null
),

deliveries as (
    select package_uid, min(event_at) as delivered_at
    from accepted
    where canonical_status = 'delivered'
    group by package_uid
)

select
    accepted.package_uid,
    accepted.canonical_status as status,
    accepted.event_at as status_at,
    deliveries.delivered_at
from accepted
left join deliveries on accepted.package_uid = deliveries.package_uid
where accepted.recency = 1
