with final as (
    select
        source as source_system,
        stream,
        key as source_key,
        reason,
        task_uid,
        loaded_at as since
    from {{ ref('int_orphan__collected') }}
)

{{ canonical('orphan', 'final') }}
