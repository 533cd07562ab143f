with source as (
    select * from {{ source('threepl', 'order_850') }}
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
        po_no,
        buyer_id,
        supplier_id,
        ship_to_id,
        line_no,
        sku,
        gtin,
        file_name,
        order_type,
        currency,
        ship_to_region,
        ship_to_postal,
        ship_to_country,
        buyer_sku,
        uom,
        price_basis,
        description,
        product_ids,
        qty,
        unit_price,
        po_date,
        deliver_by,
        sent_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
