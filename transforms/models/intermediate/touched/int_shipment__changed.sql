-- Shipments of which a source has said anything new since the last build, or whose articles or packs
-- mean something else now.
{% if is_increment() -%}
with articles as (
    select distinct source_system, source_key
    from {{ changed_since_before(ref('int_product__matched'), ['source_system', 'source_key', 'product_uid', 'sku']) }}

    union

    -- What a pack holds is asked of the article that a name means.
    select matched.source_system, matched.source_key
    from {{ ref('int_product__matched') }} as matched
    where matched.product_uid in (
        select product_uid
        from {{ changed_since_before(ref('int_uom__converted'), ['product_uid', 'uom', 'qty_num', 'qty_den', 'conflict']) }}
    )
),

items as (
    select source_key from articles where source_system = 'wms'
),

nodes as (
    select source_key as node_code
    from {{ changed_since_before(ref('int_node__matched'), ['source_system', 'source_key', 'node_code']) }}
),

bins as (
    select bin_id from {{ changed_values('wms', 'bins', ['bin_id', 'facility_code']) }}
    union
    select bin_id from {{ ref('stg_wms__bins') }} where node_code in (select node_code from nodes)
),

named as (
    select source_key from articles where source_system = 'threepl'
)

select shipment_no from {{ changes('wms', 'shipments') }}
union
select shipment_no from {{ ref('stg_wms__shipments') }} where node_code in (select node_code from nodes)
union
select coalesce(shipment_no, order_no) from {{ ref('stg_threepl__shipping_order_940') }}
where node_code in (select node_code from nodes)
union
select coalesce(shipment_no, order_no) from {{ ref('stg_threepl__shipping_advice_945') }}
where node_code in (select node_code from nodes)
union
select shipment_no from {{ changes('wms', 'shipment_lines') }}
union
select shipment_no from {{ changes('wms', 'picks') }}
union
select coalesce(shipment_no, order_no) from {{ changes('threepl', 'shipping_order_940') }}
union
select coalesce(shipment_no, order_no) from {{ changes('threepl', 'shipping_advice_945') }}
union
select shipment_no from {{ ref('stg_wms__shipment_lines') }}
where cast(item_id as varchar) in (select source_key from items)
union
select shipment_no from {{ ref('stg_wms__picks') }}
where cast(item_id as varchar) in (select source_key from items) or bin_id in (select bin_id from bins)
union
select coalesce(shipment_no, order_no) from {{ ref('stg_threepl__shipping_order_940') }}
where {{ article_key('gtin', 'sku') }} in (select source_key from named)
union
select coalesce(shipment_no, order_no) from {{ ref('stg_threepl__shipping_advice_945') }}
where {{ article_key('gtin', 'sku') }} in (select source_key from named)
{%- else -%}
select cast(null as varchar) as shipment_no where false
{%- endif %}
