{{ config(keeps_before=true) }}

-- How many base units a unit of measure holds, an article at a time: qty_num / qty_den. Where what is
-- said of it differs, nobody's word is taken: `conflict` names the unit, and what is counted in it waits.
with stated as (
    select
        *,
        first_value(qty_num) over told as first_num,
        first_value(qty_den) over told as first_den
    from {{ ref('int_uom__stated') }}
    window told as (
        partition by product_uid, uom order by qty_den, qty_num, source_system, source_key
        rows between unbounded preceding and unbounded following
    )
),

compared as (
    select
        product_uid,
        uom,
        min(sku) as sku,
        min(first_num) as qty_num,
        min(first_den) as qty_den,
        -- 24/2 says what 12/1 says.
        bool_and(cast(qty_num as decimal(38, 0)) * first_den = cast(first_num as decimal(38, 0)) * qty_den)
            as is_agreed
    from stated
    group by product_uid, uom
)

select
    product_uid,
    uom,
    case when is_agreed then qty_num end as qty_num,
    case when is_agreed then qty_den end as qty_den,
    case when not is_agreed then sku || '/' || uom end as conflict
from compared
