with source as (
    select * from {{ source('erp', 'partners') }}
),

renamed as (
    select
        partner_id,
        role,
        country,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
