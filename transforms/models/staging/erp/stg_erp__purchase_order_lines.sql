with source as (
    select * from {{ source('erp', 'purchase_order_lines') }}
),

renamed as (
    select
        po_no,
        line_no,
        sku,
        ordered_uom,
        ordered_qty,
        unit_cost,
        received_qty,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
