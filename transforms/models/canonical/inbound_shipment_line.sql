with final as (
    select
        inbound_uid,
        line_no,
        po_uid,
        product_uid,
        lot_code,
        sscc18,
        qty as shipped_qty,
        uom as shipped_uom,
        qty_raw as shipped_qty_raw,
        'threepl' as source_system,
        source_key,
        source_updated_at,
        loaded_at,
        false as is_deleted
    from {{ ref('int_ship_notice__settled') }}
    where orphan_reason is null
)

{{ canonical('inbound_shipment_line', 'final') }}
