-- Whose word on stock counts at a node: the WMS that runs it, else the 3PL's report, else the ERP.
-- A node that a WMS runs is the WMS's even when it holds nothing: zero is an answer too.
with speakers as (
    select node_code, 'wms' as source_system, 1 as priority
    from {{ ref('stg_wms__facilities') }}
    where not is_deleted

    union

    select node_code, 'threepl' as source_system, 2 as priority
    from {{ ref('int_stock_report__settled') }}

    union

    select node_code, 'erp' as source_system, 3 as priority
    from {{ ref('stg_erp__stock') }}
),

ranked as (
    select
        node_code,
        source_system,
        row_number() over (partition by node_code order by priority) as place
    from speakers
)

select
    {{ uid('node', ['node_code']) }} as node_uid,
    node_code,
    source_system as winner_source
from ranked
where place = 1
