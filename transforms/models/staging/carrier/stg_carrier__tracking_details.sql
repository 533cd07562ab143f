with source as (
    select * from {{ source('carrier', 'trackers') }}
),

renamed as (
    select
        source.id as tracker_id,
        source.tracking_code as tracking_no,
        source.carrier,
        try_cast(detail.key as bigint) as position,
        json_extract_string(detail.value, '$.status') as raw_code,
        json_extract_string(detail.value, '$.message') as raw_text,
        json_extract_string(detail.value, '$.tracking_location.city') as city,
        json_extract_string(detail.value, '$.tracking_location.state') as region,
        json_extract_string(detail.value, '$.tracking_location.zip') as postal,
        json_extract_string(detail.value, '$.tracking_location.country') as country,
        json_extract_string(detail.value, '$.datetime') as event_time_raw,
        source.created_at,
        source.updated_at as source_updated_at,
        source._sdc_received_at as loaded_at,
        source._sdc_deleted_at is not null as is_deleted
    from source
    cross join json_each(source.tracking_details) as detail
)

select * from renamed
