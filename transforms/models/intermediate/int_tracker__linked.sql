{{ config(touched=['number', "coalesce(tracking_no, '')", 'tracking_no']) }}

-- Carriers' trackers, each with the parcel that it follows: by the label's reference, else by
-- carrier, tracking number and which use of that number it is.
with gaps as (
    select
        *,
        lag(created_at) over (
            partition by lower(carrier), tracking_no order by created_at, tracker_id
        ) as previously_created_at
    from {{ touched(ref('stg_carrier__trackers'), 'number', "coalesce(tracking_no, '')", 'tracking_no') }}
        as trackers
    where not is_deleted
),

cycled as (
    select
        *,
        cast(1 + sum(
            case
                when
                    created_at
                    > {{ dbt.dateadd('day', var('recycled_after_days'), 'previously_created_at') }}
                    then 1
                else 0
            end
        ) over (
            partition by lower(carrier), tracking_no order by created_at, tracker_id
            rows between unbounded preceding and current row
        ) as bigint) as track_cycle
    from gaps
),

labels as (
    select label_id, min(package_uid) as package_uid
    from {{ ref('int_label__linked') }}
    where package_uid is not null and label_id in (select label_id from cycled)
    group by label_id
),

-- A parcel is followed by the tracker that was made about when it was packed: of a number that was
-- given out again, the others tell of other parcels.
numbers as (
    select
        cycled.tracker_id,
        min(packages.package_uid) as package_uid
    from cycled
    inner join {{ touched(ref('int_package__unified'), 'number', 'tracking_no') }} as packages
        on
            lower(cycled.carrier) = lower(packages.carrier)
            and cycled.tracking_no = packages.tracking_no
            and abs({{ dbt.datediff('packages.source_updated_at', 'cycled.created_at', 'day') }})
            <= {{ var('recycled_after_days') }}
    group by cycled.tracker_id
)

select
    cycled.tracker_id,
    cycled.carrier,
    cycled.tracking_no,
    cycled.track_cycle,
    coalesce(labels.package_uid, numbers.package_uid) as package_uid,
    cycled.status,
    cycled.est_delivery_date as est_delivery_at,
    case
        when coalesce(labels.package_uid, numbers.package_uid) is null then 'unknown_package'
    end as orphan_reason,
    cycled.source_updated_at,
    cycled.loaded_at
from cycled
left join labels on cycled.label_id = labels.label_id
left join numbers on cycled.tracker_id = numbers.tracker_id
