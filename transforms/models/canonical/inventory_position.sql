with candidate as (
    select max(marked_at) as as_of from {{ ref('int_source__marked') }}
),

positions as (
    select
        source_system,
        node_uid,
        product_uid,
        lot_code,
        disposition,
        sum(qty) as qty,
        max(source_as_of) as source_as_of,
        min(row_key) as source_key,
        max(source_updated_at) as source_updated_at,
        max(loaded_at) as loaded_at
    from {{ ref('int_stock__positioned') }}
    where orphan_reason is null
    group by source_system, node_uid, product_uid, lot_code, disposition
),

final as (
    select
        candidate.as_of,
        positions.node_uid,
        positions.product_uid,
        positions.lot_code,
        positions.disposition,
        positions.qty,
        positions.source_as_of,
        -- The 846's own instant may lie after the last mark by its sender's clock.
        greatest({{ dbt.datediff('positions.source_as_of', 'candidate.as_of', 'second') }}, 0) as age_s,
        positions.source_system,
        positions.source_key,
        positions.source_updated_at,
        positions.loaded_at,
        false as is_deleted
    from positions
    cross join candidate
)

{{ canonical('inventory_position', 'final') }}
