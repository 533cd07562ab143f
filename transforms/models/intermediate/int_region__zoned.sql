{{ config(materialized='view') }}

-- The time zone that most of a region keeps (IANA tz database), for local times that come without an
-- offset. A region with several zones is off by an hour at its edges, which `tz_source` admits.
{%- set zones = {
    'America/New_York': 'CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV',
    'America/Chicago': 'AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI',
    'America/Denver': 'CO ID MT NM UT WY',
    'America/Phoenix': 'AZ',
    'America/Los_Angeles': 'CA NV OR WA',
    'America/Anchorage': 'AK',
    'Pacific/Honolulu': 'HI',
} %}
select
    country,
    region,
    zone
from (
    values
    {%- for zone, regions in zones.items() %}
    {%- set last_zone = loop.last %}
    {%- for region in regions.split() %}
    ('US', '{{ region }}', '{{ zone }}'){% if not (last_zone and loop.last) %},{% endif %}
    {%- endfor %}
    {%- endfor %}
) as zones (country, region, zone)
