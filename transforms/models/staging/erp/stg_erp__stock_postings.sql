with source as (
    select * from {{ source('erp', 'stock_postings') }}
),

renamed as (
    select
        posting_id,
        warehouse_code as node_code,
        sku,
        doc_no,
        doc_type,
        qty,
        posted_at,
        _sdc_received_at as loaded_at,
        _sdc_deleted_at is not null as is_deleted
    from source
)

select * from renamed
