with source as (
    select * from {{ source('erp', 'sales_order_lines') }}
),

renamed as (
    select
        order_no,
        line_no,
        sku,
        ordered_uom,
        status,
        ordered_qty,
        cancelled_qty,
        unit_price,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
