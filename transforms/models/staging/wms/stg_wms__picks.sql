with source as (
    select * from {{ source('wms', 'picks') }}
),

renamed as (
    select
        pick_id,
        shipment_no,
        order_line_no,
        bin_id,
        item_id,
        lot_code,
        qty,
        picked_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
