{{ config(touched=['number', "coalesce(tracking_no, '')", 'tracking_no']) }}

-- received_at is when the hub first saw the event: a tracker arrives anew with every later event, so
-- an event that is stored already keeps its own.
with events as (
    select
        events.*,
        packages.package_uid as known_package_uid
    from {{ touched(ref('int_tracking_event__ordered'), 'number', "coalesce(tracking_no, '')", 'tracking_no') }}
        as events
    left join {{ touched(ref('package'), 'package', 'package_uid') }} as packages
        on events.package_uid = packages.package_uid
    where events.event_at is not null
),

seen as (
    select event_uid, received_at from {{ touched(this, 'number', "coalesce(tracking_no, '')", 'tracking_no') }} as stored
),

received as (
    select
        events.*,
        coalesce(seen.received_at, events.loaded_at) as received_at
    from events
    left join seen on events.event_uid = seen.event_uid
),

final as (
    select
        event_uid,
        known_package_uid as package_uid,
        carrier,
        tracking_no,
        track_cycle,
        canonical_status,
        status_rank,
        raw_code,
        raw_text,
        event_time_raw,
        event_at,
        tz_source,
        place,
        received_at,
        {{ dbt.datediff('event_at', 'received_at', 'second') }} as lateness_s,
        is_duplicate,
        is_regression,
        'carrier' as source_system,
        tracker_id as source_key,
        source_updated_at,
        received_at as loaded_at,
        false as is_deleted
    from received
)

{{ canonical('tracking_event', 'final') }}
