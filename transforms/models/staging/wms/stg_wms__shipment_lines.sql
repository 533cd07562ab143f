with source as (
    select * from {{ source('wms', 'shipment_lines') }}
),

renamed as (
    select
        shipment_no,
        order_line_no,
        item_id,
        qty_ordered,
        qty_shipped,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
