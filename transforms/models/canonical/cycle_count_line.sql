with final as (
    select
        count_uid,
        line_no,
        location_uid,
        product_uid,
        lot_code,
        expected_qty,
        counted_qty,
        counted_at,
        'wms' as source_system,
        source_key,
        source_updated_at,
        loaded_at,
        false as is_deleted
    from {{ ref('int_count__booked') }}
)

{{ canonical('cycle_count_line', 'final') }}
