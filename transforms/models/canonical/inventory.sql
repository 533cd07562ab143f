-- One answer a product and node: its winner's position. The others are only compared with it.
with positions as (
    select * from {{ ref('inventory_position') }}
),

final as (
    select
        positions.as_of,
        positions.node_uid,
        positions.product_uid,
        positions.lot_code,
        positions.disposition,
        positions.qty,
        answered.winner_source,
        answered.confidence,
        answered.class as recon_status,
        positions.source_system,
        positions.source_key,
        positions.source_updated_at,
        positions.loaded_at,
        positions.is_deleted
    from positions
    inner join {{ ref('int_stock__answered') }} as answered
        on
            positions.node_uid = answered.node_uid
            and positions.product_uid = answered.product_uid
            and positions.source_system = answered.winner_source
    where positions.qty <> 0
)

{{ canonical('inventory', 'final') }}
