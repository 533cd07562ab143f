with source as (
    select * from {{ source('wms', 'shipments') }}
),

renamed as (
    select
        shipment_no,
        order_no,
        facility_code as node_code,
        carrier,
        service,
        status,
        released_at,
        shipped_at,
        updated_at as source_updated_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
