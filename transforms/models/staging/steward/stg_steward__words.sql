with source as (
    select * from {{ source('steward', 'words') }}
),

renamed as (
    select
        word_id,
        entity,
        verb,
        source_system,
        source_key,
        target,
        task_uid,
        reason,
        said_by,
        undone_by,
        said_at,
        undone_at,
        said_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
