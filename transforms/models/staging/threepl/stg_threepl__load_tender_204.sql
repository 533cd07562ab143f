with source as (
    select * from {{ source('threepl', 'load_tender_204') }}
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
        load_no,
        payment_code,
        purpose_code,
        stop_no,
        reason_code,
        party_id,
        file_name,
        carrier_scac,
        party_role,
        city,
        region,
        postal,
        country,
        reference_nos,
        weight_g,
        sent_at,
        not_before_at,
        not_after_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
