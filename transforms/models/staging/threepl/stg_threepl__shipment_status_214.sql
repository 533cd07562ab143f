with source as (
    select * from {{ source('threepl', 'shipment_status_214') }}
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
        pro_no,
        shipment_no,
        line_no,
        status_code,
        reason_code,
        appointment_code,
        appointment_reason_code,
        equipment_no,
        file_name,
        carrier_scac,
        city,
        region,
        country,
        reference_nos,
        sent_at,
        event_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
