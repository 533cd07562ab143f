with source as (
    select * from {{ source('threepl', 'shipping_advice_945') }}
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
        shipment_no,
        po_no,
        warehouse_id as node_code,
        tracking_no,
        sscc18,
        line_no,
        sku,
        gtin,
        order_line_no,
        lot_code,
        status_code,
        file_name,
        carrier_scac,
        routing,
        uom,
        product_ids,
        qty_ordered,
        qty_shipped,
        weight_g,
        shipped_date,
        sent_at,
        shipped_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
