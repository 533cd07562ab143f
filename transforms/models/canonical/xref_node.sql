with final as (
    select
        named.source_system,
        named.source_key,
        {{ uid('node', ['named.node_code']) }} as node_uid,
        named.method,
        named.approved_by,
        cast(null as timestamp with time zone) as source_updated_at,
        named.loaded_at,
        false as is_deleted
    from {{ ref('int_node__matched') }} as named
    where named.node_code is not null
)

{{ canonical('xref_node', 'final') }}
