with source as (
    select * from {{ source('threepl', 'interchanges') }}
),

renamed as (
    select
        file_sha256,
        interchange_index,
        interchange_no,
        sender_id,
        receiver_id,
        usage_code,
        file_name,
        sender_qualifier,
        receiver_qualifier,
        version,
        groups_claimed,
        group_count,
        set_count,
        segment_count,
        record_count,
        byte_offset,
        byte_count,
        sent_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
