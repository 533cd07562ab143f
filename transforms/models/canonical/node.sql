with final as (
    select
        node_uid,
        node_code,
        name,
        type,
        gln13,
        tz,
        country,
        postal,
        {{ rate_zone('country', 'postal') }} as zone,
        lat,
        lon,
        ops_status,
        'erp' as source_system,
        node_code as source_key,
        source_updated_at,
        loaded_at,
        is_deleted
    from {{ ref('int_node__survived') }}
)

{{ canonical('node', 'final') }}
