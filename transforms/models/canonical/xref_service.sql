with final as (
    select
        source_system,
        source_key,
        service_uid,
        method,
        approved_by,
        cast(null as timestamp with time zone) as source_updated_at,
        loaded_at,
        false as is_deleted
    from {{ ref('int_service__matched') }}
    where service_uid is not null
)

{{ canonical('xref_service', 'final') }}
