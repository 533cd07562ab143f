{{ config(touched=[
    ['movement', "case when source_system = 'wms' then movement_uid end", 'movement_uid'],
    ['shipment', "case when source_key like 'shipping_advice_945/%' then doc_no end", 'shipment_no'],
]) }}

with final as (
    select
        movement_uid,
        occurred_at,
        node_uid,
        location_uid,
        product_uid,
        lot_code,
        qty,
        case when qty < 0 then disposition end as from_disposition,
        case when qty > 0 then disposition end as to_disposition,
        type,
        doc_type,
        doc_no,
        case doc_type
            when 'purchase_order' then {{ uid('purchase_order', ['doc_no']) }}
            when 'shipment' then {{ uid('shipment', ['source_system', 'doc_no']) }}
            when 'count' then {{ uid('count', ['node_code', 'doc_no']) }}
        end as doc_uid,
        cast(null as varchar) as reversal_of,
        source_system,
        stream || '/' || source_key as source_key,
        source_updated_at,
        loaded_at,
        is_deleted
    from {{ touched(ref('int_movement__unified'), ways=[
        ['movement', 'movement_no', 'movement_id'],
        ['shipment', "case when stream = 'shipping_advice_945' then doc_no end", 'shipment_no'],
    ]) }} as movements
    where orphan_reason is null
)

{{ canonical('inventory_movement', 'final') }}
