-- Each node with the value of every attribute that survives by the rules (`survivorship` in
-- dbt_project.yml), whose value it is, and whether another source says something else.
with heard as (
    select
        matched.node_code,
        facilities.name,
        facilities.ops_status,
        facilities.source_updated_at,
        facilities.loaded_at,
        row_number() over (
            partition by matched.node_code order by facilities.source_updated_at desc, facilities.node_code
        ) as recency
    from {{ ref('stg_wms__facilities') }} as facilities
    inner join {{ ref('int_node__matched') }} as matched
        on matched.source_system = 'wms' and facilities.node_code = matched.source_key
    where matched.node_code is not null and not facilities.is_deleted
),

wms as (
    select * from heard where recency = 1
)

select
    {{ uid('node', ['erp.node_code']) }} as node_uid,
    erp.node_code,
    {{ survivors('node', {'erp': 'erp', 'wms': 'wms'}) }},
    erp.type,
    erp.gln13,
    erp.tz,
    erp.country,
    erp.postal,
    erp.lat,
    erp.lon,
    greatest(erp.source_updated_at, wms.source_updated_at) as source_updated_at,
    greatest(erp.loaded_at, wms.loaded_at) as loaded_at,
    erp.is_deleted
from {{ ref('stg_erp__warehouses') }} as erp
left join wms on erp.node_code = wms.node_code
