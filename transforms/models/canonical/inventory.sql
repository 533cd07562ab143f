-- One answer a node: its winner's position. The others are only compared with it.
with positions as (
    select * from {{ ref('inventory_position') }}
),

totals as (
    select
        node_uid,
        product_uid,
        source_system,
        sum(qty) as qty
    from positions
    group by node_uid, product_uid, source_system
),

reconciled as (
    select
        winners.node_uid,
        totals.product_uid,
        count(*) as speakers,
        count(distinct totals.qty) as answers
    from totals
    inner join {{ ref('int_node__sourced') }} as winners on totals.node_uid = winners.node_uid
    group by winners.node_uid, totals.product_uid
),

final as (
    select
        positions.as_of,
        positions.node_uid,
        positions.product_uid,
        positions.lot_code,
        positions.disposition,
        positions.qty,
        winners.winner_source,
        case
            when winners.winner_source = 'erp' then {{ var('confidence_belief') }}
            when positions.age_s <= {{ var('fresh_h') }} * 3600 then {{ var('confidence_fresh') }}
            else {{ var('confidence_stale') }}
        end as confidence,
        case
            when reconciled.speakers = 1 then 'single_source'
            when reconciled.answers = 1 then 'agreed'
            else 'differs'
        end as recon_status,
        positions.source_system,
        positions.source_key,
        positions.source_updated_at,
        positions.loaded_at,
        positions.is_deleted
    from positions
    inner join {{ ref('int_node__sourced') }} as winners
        on positions.node_uid = winners.node_uid and positions.source_system = winners.winner_source
    inner join reconciled
        on
            positions.node_uid = reconciled.node_uid
            and positions.product_uid = reconciled.product_uid
    where positions.qty <> 0
)

{{ canonical('inventory', 'final') }}
