-- Differences that counts found in the WMS, with what the books had before each: the WMS tells the
-- difference only, and its stock is the sum of its movements.
with moved as (
    select * from {{ ref('int_movement__unified') }}
    where source_system = 'wms' and orphan_reason is null and not is_deleted
),

-- Most places are never counted, and what lay there need not be summed up.
counted as (
    select distinct node_code, bin_id, product_uid, lot_code
    from moved
    where doc_type = 'count' and doc_no is not null
),

booked as (
    select
        moved.*,
        coalesce(sum(qty) over (
            partition by moved.node_code, moved.bin_id, moved.product_uid, moved.lot_code
            order by movement_no
            rows between unbounded preceding and 1 preceding
        ), 0) as expected_qty
    from moved
    inner join counted
        on
            moved.node_code = counted.node_code
            and moved.bin_id is not distinct from counted.bin_id
            and moved.product_uid = counted.product_uid
            and moved.lot_code is not distinct from counted.lot_code
)

select
    {{ uid('count', ['node_code', 'doc_no']) }} as count_uid,
    doc_no as count_no,
    row_number() over (partition by node_code, doc_no order by movement_no) as line_no,
    node_code,
    node_uid,
    location_uid,
    product_uid,
    lot_code,
    expected_qty,
    expected_qty + qty as counted_qty,
    occurred_at as counted_at,
    source_key,
    source_updated_at,
    loaded_at
from booked
where doc_type = 'count' and doc_no is not null
