{{ config(
    materialized='incremental', unique_key='event_uid', incremental_strategy='delete+insert',
    on_schema_change='append_new_columns'
) }}

-- received_at is when the hub first saw the event: a tracker arrives anew with every later event,
-- so a row that is stored already keeps its own, and one that has not changed is not written again.
with events as (
    select
        events.*,
        packages.package_uid as known_package_uid
    from {{ ref('int_tracking_event__ordered') }} as events
    left join {{ ref('package') }} as packages on events.package_uid = packages.package_uid
    where events.event_at is not null
),

{% if is_incremental() %}
seen as (
    select event_uid, received_at, record_hash from {{ this }}
),
{% else %}
seen as (
    select event_uid, loaded_at as received_at, '' as record_hash from events
),
{% endif %}

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
),

contracted as (
    {{ canonical('tracking_event', 'final') }}
)

select contracted.*
from contracted
{% if is_incremental() %}
left join seen on contracted.event_uid = seen.event_uid
where seen.event_uid is null or seen.record_hash <> contracted.record_hash
{% endif %}
