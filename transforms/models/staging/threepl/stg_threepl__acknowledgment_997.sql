with source as (
    select * from {{ source('threepl', 'acknowledgment_997') }}
),

renamed as (
    select
        file_sha256,
        set_index,
        line_index,
        interchange_no,
        group_no,
        set_no,
        sender_id,
        receiver_id,
        group_code,
        acknowledged_group_no,
        group_status_code,
        acknowledged_set_code,
        acknowledged_set_no,
        status_code,
        file_name,
        error_codes,
        segment_errors,
        sets_included,
        sets_received,
        sets_accepted,
        sent_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
