with source as (
    select * from {{ source('threepl', 'ship_notice_856') }}
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
        purpose_code,
        shipment_no,
        ship_from_id,
        ship_to_id,
        tracking_no,
        po_no,
        sscc18,
        sku,
        gtin,
        lot_code,
        file_name,
        carrier_scac,
        uom,
        product_ids,
        qty,
        eta_date,
        sent_at,
        shipped_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
