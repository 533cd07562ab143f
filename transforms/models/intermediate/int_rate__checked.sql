{{ config(materialized='view') }}

-- The carriers' contract rates; what no rate can be is set apart with the reason.
select
    *,
    carrier || '/' || service || '/' || orig_zone || '/' || dest_zone || '/'
    || cast(break_g as varchar) || '/' || cast(valid_from as varchar) as source_key,
    case
        when transit_days < 0 or base < 0 or per_kg < 0 or fuel_pct < 0 or break_g < 0 then 'impossible_value'
    end as orphan_reason
from {{ ref('stg_erp__freight_rates') }}
