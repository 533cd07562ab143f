with final as (
    select
        {{ uid('purchase_order', ['orders.po_no']) }} as po_uid,
        orders.po_no,
        case when partners.partner_id is not null then {{ uid('party', ['partners.partner_id']) }} end
            as supplier_uid,
        {{ uid('node', ['nodes.node_code']) }} as node_uid,
        orders.status,
        orders.ordered_at,
        orders.expected_at,
        cast(null as date) as confirmed_date,
        'erp' as source_system,
        orders.po_no as source_key,
        orders.source_updated_at,
        orders.loaded_at,
        orders.is_deleted
    from {{ ref('stg_erp__purchase_orders') }} as orders
    inner join {{ ref('stg_erp__warehouses') }} as nodes on orders.node_code = nodes.node_code
    left join {{ ref('stg_erp__partners') }} as partners on orders.supplier_id = partners.partner_id
)

{{ canonical('purchase_order', 'final') }}
