with source as (
    select * from {{ source('threepl', 'freight_invoice_210') }}
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
        invoice_no,
        shipment_no,
        payment_code,
        line_no,
        charge_code,
        file_name,
        carrier_scac,
        rate_basis,
        description,
        net_amount,
        total_charge,
        rate,
        charge,
        billed_date,
        delivered_date,
        sent_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
