{{ config(touched=['number', 'coalesce(tracking_no, sscc18)', 'tracking_no']) }}

-- Parcels of own nodes (WMS) and of the 3PL (945), each with the use of its tracking number that
-- it is: carriers give a number out again after months.
with packages as (
    select
        'wms' as source_system,
        'packages' as stream,
        sscc18 as source_key,
        sscc18,
        shipment_no,
        carrier,
        tracking_no,
        length_mm,
        width_mm,
        height_mm,
        weight_g,
        source_updated_at,
        loaded_at,
        is_deleted
    from {{ touched(ref('stg_wms__packages'), 'package', 'sscc18') }} as packages

    union all

    select
        'threepl' as source_system,
        'shipping_advice_945' as stream,
        min(source_key) as source_key,
        sscc18,
        min(shipment_no) as shipment_no,
        max(carrier) as carrier,
        max(tracking_no) as tracking_no,
        null as length_mm,
        null as width_mm,
        null as height_mm,
        cast(sum(weight_g) as bigint) as weight_g,
        max(source_updated_at) as source_updated_at,
        max(loaded_at) as loaded_at,
        false as is_deleted
    from {{ touched(ref('int_shipping_advice__settled'), 'package', 'sscc18') }} as advices
    where sscc18 is not null and not is_cancelled
    group by sscc18
),

placed as (
    select
        packages.*,
        shipments.shipment_uid,
        shipments.order_uid,
        coalesce(shipments.shipped_at, packages.source_updated_at) as used_at,
        case
            when shipments.shipment_no is null then 'unknown_shipment'
            else shipments.orphan_reason
        end as orphan_reason,
        shipments.waits_for
    from packages
    left join {{ ref('int_shipment__unified') }} as shipments
        on
            packages.source_system = shipments.source_system
            and packages.shipment_no = shipments.shipment_no
),

gaps as (
    select
        *,
        lag(used_at) over (
            partition by lower(carrier), coalesce(tracking_no, sscc18) order by used_at, sscc18
        ) as previously_used_at
    from placed
)

select
    source_system,
    stream,
    source_key,
    {{ uid('package', ['sscc18']) }} as package_uid,
    shipment_uid,
    order_uid,
    sscc18,
    shipment_no,
    coalesce(carrier, 'unknown') as carrier,
    tracking_no,
    cast(1 + sum(
        case
            when used_at > {{ dbt.dateadd('day', var('recycled_after_days'), 'previously_used_at') }}
                then 1
            else 0
        end
    ) over (
        partition by lower(carrier), coalesce(tracking_no, sscc18) order by used_at, sscc18
        rows between unbounded preceding and current row
    ) as bigint) as track_cycle,
    length_mm,
    width_mm,
    height_mm,
    weight_g,
    orphan_reason,
    waits_for,
    source_updated_at,
    loaded_at,
    is_deleted
from {{ touched('gaps', 'number', 'coalesce(tracking_no, sscc18)', 'tracking_no') }}
    as gaps
