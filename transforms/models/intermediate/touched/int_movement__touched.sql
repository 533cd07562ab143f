-- The WMS's movements to look at again: new ones, and those whose article or stock means something
-- else now. The 3PL's, few beside them, are all looked at.
{% if is_increment() -%}
with nodes as (
    select source_key as node_code
    from {{ changed_since_before(ref('int_node__matched'), ['source_system', 'source_key', 'node_code']) }}
),

bins as (
    select bin_id from {{ changed_values('wms', 'bins', ['bin_id', 'facility_code']) }}
    union
    select bin_id from {{ ref('stg_wms__bins') }} where node_code in (select node_code from nodes)
),

keys as (
    select movement_id from {{ changes('wms', 'movements') }}
    union
    select movements.movement_id
    from {{ ref('stg_wms__movements') }} as movements
    where cast(movements.item_id as varchar) in (
        select source_key
        from {{ changed_since_before(ref('int_product__matched'), ['source_system', 'source_key', 'product_uid', 'sku']) }}
        where source_system = 'wms'
    )
    union
    select movement_id from {{ ref('stg_wms__movements') }}
    where node_code in (select node_code from nodes) or bin_id in (select bin_id from bins)
    union
    select movements.movement_id
    from {{ ref('stg_wms__movements') }} as movements
    inner join {{ changed_values('wms', 'stock', ['bin_id', 'item_id', 'lot_code', 'disposition']) }} as stock
        on
            movements.bin_id = stock.bin_id
            and movements.item_id = stock.item_id
            and movements.lot_code = stock.lot_code
    union
    select movements.movement_id
    from {{ ref('stg_wms__movements') }} as movements
    inner join {{ changed_values('wms', 'lots', ['item_id', 'lot_code', 'status', '_sdc_deleted_at']) }} as lots
        on movements.item_id = lots.item_id and movements.lot_code = lots.lot_code
)

select
    movement_id,
    {{ uid('movement', ["'wms'", "'movements'", 'cast(movement_id as varchar)']) }} as movement_uid
from keys
{%- else -%}
select cast(null as bigint) as movement_id, cast(null as varchar) as movement_uid where false
{%- endif %}
