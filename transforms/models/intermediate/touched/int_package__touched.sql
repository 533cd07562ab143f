-- Parcels to look at again: those that changed, those of a touched number, and those that a tracker
-- of a touched number follows or followed. Contents without an SSCC ('') are looked at always.
{% if is_increment() -%}
with keys as (
    select sscc18 from {{ ref('int_package__changed') }}
    union
    select sscc18 from {{ ref('stg_wms__packages') }}
    where tracking_no in (select tracking_no from {{ ref('int_number__touched') }})
    union
    select {{ sscc18('sscc18') }} from {{ ref('stg_threepl__shipping_advice_945') }}
    where tracking_no in (select tracking_no from {{ ref('int_number__touched') }})
    union
    select {{ sscc18('parcel_reference') }} from {{ ref('stg_carrier__shipments') }}
    where label_id in (
        select label_id from {{ ref('stg_carrier__trackers') }}
        where coalesce(tracking_no, '') in (select tracking_no from {{ ref('int_number__touched') }})
        union
        select shipment_id from {{ changes('carrier', 'trackers') }}
    )
    union
    select ''
)

select sscc18, {{ uid('package', ['sscc18']) }} as package_uid from keys
where sscc18 is not null
{%- else -%}
select cast(null as varchar) as sscc18, cast(null as varchar) as package_uid where false
{%- endif %}
