{{ config(touched=['package', 'package_uid', 'package_uid']) }}

with final as (
    select
        packages.package_uid,
        packages.shipment_uid,
        packages.sscc18,
        packages.carrier,
        packages.tracking_no,
        packages.track_cycle,
        packages.length_mm,
        packages.width_mm,
        packages.height_mm,
        packages.weight_g,
        coalesce(tracked.status, 'unknown') as status,
        tracked.status_at,
        tracked.delivered_at,
        packages.source_system,
        packages.source_key,
        packages.source_updated_at,
        packages.loaded_at,
        packages.is_deleted
    from {{ touched(ref('int_package__unified'), 'package', 'package_uid') }} as packages
    left join {{ ref('int_package__tracked') }} as tracked
        on packages.package_uid = tracked.package_uid
    where packages.orphan_reason is null
)

{{ canonical('package', 'final') }}
