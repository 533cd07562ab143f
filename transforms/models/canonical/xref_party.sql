with final as (
    select
        source_system,
        source_key,
        {{ uid('party', ['partner_id']) }} as party_uid,
        method,
        approved_by,
        cast(null as timestamp with time zone) as source_updated_at,
        loaded_at,
        false as is_deleted
    from {{ ref('int_party__matched') }}
    where partner_id is not null
)

{{ canonical('xref_party', 'final') }}
