{{ config(touched=['package', "coalesce(" ~ sscc18('parcel_reference') ~ ", label_id)", 'sscc18']) }}

-- Labels bought from the carriers, each with the parcel that its reference names.
select
    labels.label_id,
    labels.tracker_id,
    labels.tracking_no,
    labels.parcel_reference,
    packages.package_uid,
    packages.shipment_uid,
    packages.tracking_no as package_tracking_no,
    packages.carrier as package_carrier,
    packages.track_cycle as package_track_cycle,
    case when coalesce(labels.refund_status, '') <> 'refunded' then labels.cost end as cost,
    labels.currency,
    case
        when packages.package_uid is null then 'unknown_package'
        when labels.cost_raw is not null and labels.cost is null then 'bad_number'
        when labels.cost < 0 then 'impossible_value'
    end as orphan_reason,
    labels.source_updated_at,
    labels.loaded_at
from {{ touched(ref('stg_carrier__shipments'), 'package', "coalesce(" ~ sscc18('parcel_reference') ~ ", label_id)", 'sscc18') }} as labels
left join {{ ref('int_package__unified') }} as packages
    on {{ sscc18('labels.parcel_reference') }} = packages.sscc18
where not labels.is_deleted
