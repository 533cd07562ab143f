{{ config(materialized='view') }}

-- What each source's codes mean to us. A code that is missing here becomes `unknown` or an orphan,
-- never a guess. Ranks order tracking statuses; a terminal one is left only for a higher terminal.
select
    source_system,
    entity,
    raw_code,
    canonical_code,
    status_rank,
    is_terminal
from (
    values
    ('carrier', 'tracking_status', 'unknown', 'unknown', 0, false),
    ('carrier', 'tracking_status', 'error', 'unknown', 0, false),
    ('carrier', 'tracking_status', 'pre_transit', 'pre_transit', 10, false),
    ('carrier', 'tracking_status', 'in_transit', 'in_transit', 30, false),
    ('carrier', 'tracking_status', 'out_for_delivery', 'out_for_delivery', 40, false),
    ('carrier', 'tracking_status', 'available_for_pickup', 'available_for_pickup', 50, false),
    ('carrier', 'tracking_status', 'failure', 'exception', 60, false),
    ('carrier', 'tracking_status', 'delivered', 'delivered', 90, true),
    ('carrier', 'tracking_status', 'return_to_sender', 'return_to_sender', 95, true),
    ('carrier', 'tracking_status', 'cancelled', 'cancelled', 99, true),
    ('threepl', 'disposition', '33', 'available', null, null),
    ('threepl', 'disposition', '17', 'available', null, null),
    ('threepl', 'disposition', 'QH', 'quality_control', null, null),
    ('threepl', 'disposition', '20', 'damaged', null, null),
    ('threepl', 'carrier', 'USPS', 'USPS', null, null),
    ('threepl', 'carrier', 'UPSN', 'UPS', null, null),
    ('threepl', 'carrier', 'FDEG', 'FedEx', null, null)
) as codes (source_system, entity, raw_code, canonical_code, status_rank, is_terminal)
