{{ config(materialized='ephemeral') }}

-- The events of each tracker, one a row, as the carrier lists them.
{%- set shape = '[{"status": "VARCHAR", "message": "VARCHAR", "datetime": "VARCHAR", "tracking_location": '
    ~ '{"city": "VARCHAR", "state": "VARCHAR", "zip": "VARCHAR", "country": "VARCHAR"}}]' %}
with trackers as (
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
    from trackers
),

single as (
    select
        *,
        unnest(details) as detail,
        generate_subscripts(details, 1) - 1 as position
    from listed
)

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
