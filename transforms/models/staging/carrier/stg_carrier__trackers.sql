with source as (
    select * from {{ source('carrier', 'trackers') }}
),

renamed as (
    select
        id as tracker_id,
        tracking_code as tracking_no,
        shipment_id as label_id,
        status,
        status_detail,
        carrier,
        weight as weight_oz,
        est_delivery_date,
        tracking_details,
        created_at,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
