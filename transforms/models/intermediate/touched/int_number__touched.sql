-- Tracking numbers to look at again, all parcels and trackers of them at once, for which use of its
-- number a parcel is hangs on the others. A parcel without a number stands for itself by its SSCC.
{% if is_increment() -%}
with labels as (
    select label_id from {{ ref('stg_carrier__shipments') }}
    where {{ sscc18('parcel_reference') }} in (select sscc18 from {{ ref('int_package__changed') }})
    union
    select id from {{ changes('carrier', 'shipments') }}
)

select coalesce(tracking_code, '') as tracking_no from {{ changes('carrier', 'trackers') }}
union
select coalesce(tracking_no, sscc18) from {{ changes('wms', 'packages') }}
union
select coalesce(tracking_no, {{ sscc18('sscc18') }}) from {{ changes('threepl', 'shipping_advice_945') }}
union
select coalesce(tracking_no, sscc18) from {{ ref('stg_wms__packages') }}
where sscc18 in (select sscc18 from {{ ref('int_package__changed') }})
union
select coalesce(tracking_no, {{ sscc18('sscc18') }}) from {{ ref('stg_threepl__shipping_advice_945') }}
where {{ sscc18('sscc18') }} in (select sscc18 from {{ ref('int_package__changed') }})
union
select coalesce(tracking_no, '') from {{ ref('stg_carrier__trackers') }}
where label_id in (select label_id from labels)
{%- else -%}
select cast(null as varchar) as tracking_no where false
{%- endif %}
