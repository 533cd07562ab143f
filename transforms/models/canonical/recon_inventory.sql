with candidate as (
    select max(marked_at) as as_of from {{ ref('int_source__marked') }}
),

final as (
    select
        candidate.as_of,
        answered.node_uid,
        answered.product_uid,
        answered.erp_qty,
        answered.node_qty,
        answered.ledger_qty,
        answered.late_qty as explained_in_flight,
        answered.residual,
        answered.class,
        answered.suspect,
        case when answered.doubted_because is not null then answered.doubted_because || ' ' else '' end
        || case answered.class
            when 'single_source' then 'Only one system speaks of it.'
            when 'agreed' then 'All say the same.'
            when 'in_flight' then 'Documents that the ERP has not posted yet account for it.'
            when 'unexplained' then coalesce(answered.said, case
                when not answered.is_torn then 'No document accounts for it.'
                else 'The WMS''s stock is not the sum of its movements.'
            end)
            else coalesce(answered.said, 'The figures themselves: ' || case answered.class
                when 'pack_factor' then 'one is the other times the case factor.'
                when 'mis_mapped' then 'another product of the node is as much apart, the other way.'
                else 'another node is as much apart in this product, the other way.'
            end)
        end as explanation,
        {{ next_step_of('answered') }} as next_step,
        answered.winner_source,
        answered.confidence,
        channel.available_qty as channel_qty,
        channel.residual as channel_residual,
        channel.class as channel_class
    from {{ ref('int_stock__answered') }} as answered
    cross join candidate
    left join {{ ref('int_listing__compared') }} as channel
        on answered.node_uid = channel.node_uid and answered.product_uid = channel.product_uid
)

{{ canonical('recon_inventory', 'final') }}
