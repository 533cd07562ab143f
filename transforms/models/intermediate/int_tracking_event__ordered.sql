{{ config(touched=['number', "coalesce(tracking_no, '')", 'tracking_no']) }}

-- Every carrier event once, in the order of the state rule: event_at, then rank, then as reported.
-- A terminal status is left only for a higher terminal, so the highest terminal so far decides
-- whether a later event moves the parcel (is_accepted) or is a regression.
{%- set shape = '[{"status": "VARCHAR", "message": "VARCHAR", "datetime": "VARCHAR", "tracking_location": '
    ~ '{"city": "VARCHAR", "state": "VARCHAR", "zip": "VARCHAR", "country": "VARCHAR"}}]' %}
with told as (
    select *
    from {{ touched(ref('stg_carrier__trackers'), 'number', "coalesce(tracking_no, '')", 'tracking_no') }}
        as trackers
),

-- Read in one go: json_each and an extraction a field cost five times as much.
listed as (
    select
        tracker_id,
        source_updated_at,
        loaded_at,
        json_transform(tracking_details, '{{ shape }}') as details
    from told
),

single as (
    select
        *,
        unnest(details) as detail,
        generate_subscripts(details, 1) - 1 as position
    from listed
),

details as (
    select
        tracker_id,
        cast(position as bigint) as position,
        struct_extract(detail, 'status') as raw_code,
        struct_extract(detail, 'message') as raw_text,
        struct_extract(struct_extract(detail, 'tracking_location'), 'city') as city,
        struct_extract(struct_extract(detail, 'tracking_location'), 'state') as region,
        struct_extract(struct_extract(detail, 'tracking_location'), 'zip') as postal,
        struct_extract(struct_extract(detail, 'tracking_location'), 'country') as country,
        struct_extract(detail, 'datetime') as event_time_raw,
        source_updated_at,
        loaded_at
    from single
),

reported as (
    select
        details.tracker_id,
        trackers.carrier,
        trackers.tracking_no,
        trackers.track_cycle,
        trackers.package_uid,
        details.position,
        coalesce(details.raw_code, '') as raw_code,
        coalesce(codes.canonical_code, 'unknown') as canonical_status,
        coalesce(codes.status_rank, 0) as status_rank,
        coalesce(codes.is_terminal, false) as is_terminal,
        codes.canonical_code is null as is_unknown_code,
        details.raw_text,
        coalesce(details.event_time_raw, '') as event_time_raw,
        case
            when {{ has_offset('details.event_time_raw') }} or coalesce(zones.zone, {{ carrier_zone('trackers.carrier') }}) is null
                then try_cast(details.event_time_raw as timestamptz)
            else {{ at_zone('details.event_time_raw', "coalesce(zones.zone, " ~ carrier_zone('trackers.carrier') ~ ")") }}
        end as event_at,
        case
            when {{ has_offset('details.event_time_raw') }} then 'offset'
            when zones.zone is not null then 'geocoded'
            when {{ carrier_zone('trackers.carrier') }} is not null then 'carrier_default'
            else 'assumed_utc'
        end as tz_source,
        nullif(concat_ws(', ', details.city, details.region, details.postal, details.country), '')
            as place,
        details.source_updated_at,
        details.loaded_at
    from details
    inner join {{ touched(ref('int_tracker__linked'), 'number', "coalesce(tracking_no, '')", 'tracking_no') }} as trackers on details.tracker_id = trackers.tracker_id
    left join {{ ref('int_region__zoned') }} as zones
        on details.country = zones.country and details.region = zones.region
    left join {{ ref('int_code__mapped') }} as codes
        on
            codes.source_system = 'carrier'
            and codes.entity = 'tracking_status'
            and details.raw_code = codes.raw_code
),

identified as (
    select
        *,
        {{ uid('event', [
            'lower(carrier)', 'tracking_no', 'track_cycle', 'raw_code', 'event_time_raw', 'place',
        ]) }} as event_uid
    from reported
),

counted as (
    select
        *,
        row_number() over (partition by event_uid order by position, tracker_id) as occurrence,
        count(*) over (partition by event_uid) as occurrences
    from identified
),

once as (
    select * from counted where occurrence = 1
),

ordered as (
    select
        *,
        row_number() over (
            partition by lower(carrier), tracking_no, track_cycle
            order by event_at, status_rank, position, event_uid
        ) as place_in_order
    from once
    where event_at is not null
),

before as (
    select
        *,
        max(case when is_terminal then status_rank end) over (
            partition by lower(carrier), tracking_no, track_cycle order by place_in_order
            rows between unbounded preceding and 1 preceding
        ) as terminal_before
    from ordered
)

select
    event_uid,
    tracker_id,
    carrier,
    tracking_no,
    track_cycle,
    package_uid,
    place_in_order,
    canonical_status,
    status_rank,
    is_terminal,
    terminal_before is null or (is_terminal and status_rank > terminal_before) as is_accepted,
    occurrences > 1 as is_duplicate,
    coalesce(status_rank < terminal_before, false) as is_regression,
    raw_code,
    raw_text,
    event_time_raw,
    event_at,
    tz_source,
    place,
    case when is_unknown_code then 'unknown_code' end as orphan_reason,
    source_updated_at,
    loaded_at
from before

union all

-- Its time cannot be read, so it has no place in the order: kept as an orphan only.
select
    event_uid,
    tracker_id,
    carrier,
    tracking_no,
    track_cycle,
    package_uid,
    null as place_in_order,
    canonical_status,
    status_rank,
    is_terminal,
    false as is_accepted,
    occurrences > 1 as is_duplicate,
    false as is_regression,
    raw_code,
    raw_text,
    event_time_raw,
    event_at,
    tz_source,
    place,
    'bad_timestamp' as orphan_reason,
    source_updated_at,
    loaded_at
from once
where event_at is null
