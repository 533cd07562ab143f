with source as (
    select * from {{ source('carrier', 'shipments') }}
),

renamed as (
    select
        id as label_id,
        tracking_code as tracking_no,
        tracker_id,
        reference as parcel_reference,
        status,
        refund_status,
        json_extract_string(selected_rate, '$.carrier') as carrier,
        json_extract_string(selected_rate, '$.service') as service,
        json_extract_string(selected_rate, '$.currency') as currency,
        json_extract_string(selected_rate, '$.rate') as cost_raw,
        try_cast(json_extract_string(selected_rate, '$.rate') as decimal(18, 4)) as cost,
        usps_zone,
        is_return,
        created_at,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
