with source as (
    select * from {{ source('threepl', 'shipping_order_940') }}
),

renamed as (
    select
        file_sha256,
        set_index,
        line_index,
        interchange_no,
        group_no,
        set_no,
        sender_id,
        receiver_id,
        reporting_code,
        order_no,
        po_no,
        warehouse_id as node_code,
        ship_to_id,
        shipment_no,
        line_no,
        sku,
        gtin,
        order_line_no,
        lot_code,
        file_name,
        ship_to_region,
        ship_to_postal,
        ship_to_country,
        carrier_scac,
        routing,
        uom,
        description,
        product_ids,
        qty,
        ship_by,
        sent_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
