with source as (
    select * from {{ source('threepl', 'transfer_shipment_943') }}
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
        depositor_order_no,
        shipment_no,
        po_no,
        warehouse_id as node_code,
        ship_from_id,
        sku,
        gtin,
        lot_code,
        file_name,
        carrier_scac,
        uom,
        description,
        product_ids,
        qty,
        shipped_date,
        eta_date,
        sent_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
