with source as (
    select * from {{ source('threepl', 'warnings') }}
),

renamed as (
    select
        file_sha256,
        warning_index,
        interchange_no,
        set_index,
        set_code,
        set_no,
        segment_no,
        code,
        file_name,
        segment_tag,
        message,
        byte_offset,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
