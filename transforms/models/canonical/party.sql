with final as (
    select
        {{ uid('party', ['partner_id']) }} as party_uid,
        partner_id as party_no,
        role,
        country,
        'erp' as source_system,
        partner_id as source_key,
        source_updated_at,
        loaded_at,
        is_deleted
    from {{ ref('stg_erp__partners') }}
)

{{ canonical('party', 'final') }}
