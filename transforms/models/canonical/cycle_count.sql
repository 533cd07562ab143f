with final as (
    select
        count_uid,
        min(count_no) as count_no,
        min(node_uid) as node_uid,
        max(counted_at) as counted_at,
        'wms' as source_system,
        min(node_code) || '/' || min(count_no) as source_key,
        max(source_updated_at) as source_updated_at,
        max(loaded_at) as loaded_at,
        false as is_deleted
    from {{ ref('int_count__booked') }}
    group by count_uid
)

{{ canonical('cycle_count', 'final') }}
