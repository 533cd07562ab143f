with source as (
    select * from {{ source('erp', 'sales_orders') }}
),

renamed as (
    select
        order_no,
        partner_id,
        channel,
        currency,
        status,
        ship_country as ship_to_country,
        ship_postal as ship_to_postal,
        priority,
        total,
        placed_at,
        promised_by,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
