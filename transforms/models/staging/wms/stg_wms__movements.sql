with source as (
    select * from {{ source('wms', 'movements') }}
),

renamed as (
    select
        movement_id,
        facility_code as node_code,
        bin_id,
        item_id,
        lot_code,
        doc_no,
        movement_type,
        doc_type,
        qty,
        occurred_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
