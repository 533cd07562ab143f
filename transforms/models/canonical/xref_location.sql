with final as (
    select
        source_system,
        source_key,
        location_uid,
        'exact' as method,
        cast(null as timestamp with time zone) as source_updated_at,
        loaded_at,
        false as is_deleted
    from {{ ref('int_location__matched') }}
    where node_uid is not null
)

{{ canonical('xref_location', 'final') }}
