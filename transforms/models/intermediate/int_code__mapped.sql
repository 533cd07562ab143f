{{ config(materialized='view') }}

-- What each source's codes mean to us. A code that is missing here becomes `unknown` or an orphan,
-- never a guess. Ranks order tracking statuses; a terminal one is left only for a higher terminal.
with ranks as (
    select
        'tracking_status' as entity,
        canonical_code,
        status_rank,
        is_terminal
    from (
        values
        ('unknown', 0, false),
        ('pre_transit', 10, false),
        ('in_transit', 30, false),
        ('out_for_delivery', 40, false),
        ('delivery_attempted', 45, false),
        ('available_for_pickup', 50, false),
        ('exception', 60, false),
        ('delivered', 90, true),
        ('return_to_sender', 95, true),
        ('lost', 95, true),
        ('cancelled', 99, true)
    ) as statuses (canonical_code, status_rank, is_terminal)
),

codes as (
    select source_system, entity, raw_code, canonical_code
    from (
        values
        ('carrier', 'tracking_status', 'unknown', 'unknown'),
        ('carrier', 'tracking_status', 'error', 'unknown'),
        ('carrier', 'tracking_status', 'pre_transit', 'pre_transit'),
        ('carrier', 'tracking_status', 'in_transit', 'in_transit'),
        ('carrier', 'tracking_status', 'out_for_delivery', 'out_for_delivery'),
        ('carrier', 'tracking_status', 'available_for_pickup', 'available_for_pickup'),
        ('carrier', 'tracking_status', 'failure', 'exception'),
        ('carrier', 'tracking_status', 'delivered', 'delivered'),
        ('carrier', 'tracking_status', 'return_to_sender', 'return_to_sender'),
        ('carrier', 'tracking_status', 'cancelled', 'cancelled'),
        ('threepl', 'disposition', '33', 'available'),
        ('threepl', 'disposition', '17', 'available'),
        ('threepl', 'disposition', 'QH', 'quality_control'),
        ('threepl', 'disposition', '20', 'damaged'),
        ('threepl', 'carrier', 'USPS', 'USPS'),
        ('threepl', 'carrier', 'UPSN', 'UPS'),
        ('threepl', 'carrier', 'FDEG', 'FedEx')
    ) as own (source_system, entity, raw_code, canonical_code)

    union all

    select source_system, entity, raw_code, canonical_code from {{ ref('int_code__published') }}
)

select
    codes.source_system,
    codes.entity,
    codes.raw_code,
    codes.canonical_code,
    ranks.status_rank,
    ranks.is_terminal
from codes
left join ranks on codes.entity = ranks.entity and codes.canonical_code = ranks.canonical_code
