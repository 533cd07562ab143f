{%- set shape = '[{"status": "VARCHAR", "message": "VARCHAR", "datetime": "VARCHAR", "tracking_location": '
    ~ '{"city": "VARCHAR", "state": "VARCHAR", "zip": "VARCHAR", "country": "VARCHAR"}}]' -%}
with source as (
    select * from {{ source('carrier', 'trackers') }}
),

-- Read in one go: json_each and an extraction a field cost five times as much.
listed as (
    select
        *,
        json_transform(tracking_details, '{{ shape }}') as details
    from source
),

single as (
    select
        *,
        unnest(details) as detail,
        generate_subscripts(details, 1) - 1 as position
    from listed
),

renamed as (
    select
        id as tracker_id,
        tracking_code as tracking_no,
        carrier,
        cast(position as bigint) as position,
        struct_extract(detail, 'status') as raw_code,
        struct_extract(detail, 'message') as raw_text,
        struct_extract(struct_extract(detail, 'tracking_location'), 'city') as city,
        struct_extract(struct_extract(detail, 'tracking_location'), 'state') as region,
        struct_extract(struct_extract(detail, 'tracking_location'), 'zip') as postal,
        struct_extract(struct_extract(detail, 'tracking_location'), 'country') as country,
        struct_extract(detail, 'datetime') as event_time_raw,
        created_at,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from single
)

select * from renamed
