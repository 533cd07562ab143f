{{ config(materialized='view') }}

-- Vocabularies that carriers and marketplaces publish, in our statuses: for the author of a connector, who
-- finds its codes here before the first row comes. Only what says how far something is: estimates (X12 AG,
-- X2, B6, C1), appointments and papers are left out, and so is what has no counterpart of ours (Amazon's
-- Unfulfillable, X12 CD and AI). Read on:
-- x12_214: AT701, data element 1650, https://www.stedi.com/edi/x12-004030/element/1650
-- aftership: tags, https://www.aftership.com/docs/tracking/2025-01/enum/delivery-statuses, and subtags,
--   https://www.aftership.com/docs/tracking/2026-07/enum/delivery-sub-statuses
-- amazon: Orders API v0 (OrderStatus, EasyShipShipmentStatus), Shipping API v2 (Status) and Fulfillment
--   Outbound 2020-07-01 (CurrentStatus), https://developer-docs.amazon.com/sp-api/docs/orders-api-v0-model;
--   the latter three as https://docs.rs/crate/amazon-spapi/2.0.3/source/docs/ has them from Amazon's models
select source_system, entity, raw_code, canonical_code
from (
    values
    ('x12_214', 'tracking_status', 'X3', 'pre_transit'), -- arrived at pick-up
    ('x12_214', 'tracking_status', 'X8', 'pre_transit'), -- arrived at its dock
    ('x12_214', 'tracking_status', 'XB', 'pre_transit'), -- acknowledged
    ('x12_214', 'tracking_status', 'CP', 'in_transit'), -- completed loading
    ('x12_214', 'tracking_status', 'AF', 'in_transit'), -- departed pick-up
    ('x12_214', 'tracking_status', 'AM', 'in_transit'), -- loaded on truck
    ('x12_214', 'tracking_status', 'AN', 'in_transit'), -- diverted to air carrier
    ('x12_214', 'tracking_status', 'AR', 'in_transit'), -- rail arrival at ramp
    ('x12_214', 'tracking_status', 'RL', 'in_transit'), -- rail departure from ramp
    ('x12_214', 'tracking_status', 'BA', 'in_transit'), -- connecting line or cartage pick-up
    ('x12_214', 'tracking_status', 'BC', 'in_transit'), -- storage in transit
    ('x12_214', 'tracking_status', 'J1', 'in_transit'), -- delivered to connecting line
    ('x12_214', 'tracking_status', 'R1', 'in_transit'), -- received from prior carrier
    ('x12_214', 'tracking_status', 'K1', 'in_transit'), -- arrived at customs
    ('x12_214', 'tracking_status', 'P1', 'in_transit'), -- departed terminal
    ('x12_214', 'tracking_status', 'X4', 'in_transit'), -- arrived at terminal
    ('x12_214', 'tracking_status', 'AV', 'in_transit'), -- available for delivery
    ('x12_214', 'tracking_status', 'X6', 'in_transit'), -- en route to delivery
    ('x12_214', 'tracking_status', 'X1', 'out_for_delivery'), -- arrived at delivery
    ('x12_214', 'tracking_status', 'X5', 'out_for_delivery'), -- arrived at its dock
    ('x12_214', 'tracking_status', 'S1', 'out_for_delivery'), -- trailer spotted at consignee
    ('x12_214', 'tracking_status', 'AH', 'delivery_attempted'), -- attempted
    ('x12_214', 'tracking_status', 'AP', 'delivery_attempted'), -- not completed
    ('x12_214', 'tracking_status', 'A7', 'exception'), -- refused by consignee
    ('x12_214', 'tracking_status', 'A9', 'exception'), -- damaged
    ('x12_214', 'tracking_status', 'PR', 'exception'), -- customs hold
    ('x12_214', 'tracking_status', 'SD', 'exception'), -- delayed
    ('x12_214', 'tracking_status', 'D1', 'delivered'), -- completed unloading
    ('x12_214', 'tracking_status', 'CB', 'delivered'), -- the last part of a partial shipment
    ('x12_214', 'tracking_status', 'A3', 'return_to_sender'), -- returned to shipper
    ('x12_214', 'tracking_status', 'CA', 'cancelled'), -- cancelled

    ('amazon', 'order_status', 'PendingAvailability', 'on_hold'), -- pre-order, not released
    ('amazon', 'order_status', 'Pending', 'on_hold'), -- payment not authorised: not to be shipped
    ('amazon', 'order_status', 'Unshipped', 'placed'),
    ('amazon', 'order_status', 'PartiallyShipped', 'partially_fulfilled'),
    ('amazon', 'order_status', 'Shipped', 'fulfilled'),
    ('amazon', 'order_status', 'InvoiceUnconfirmed', 'fulfilled'), -- all shipped, invoice not confirmed
    ('amazon', 'order_status', 'Canceled', 'cancelled'),
    -- Shipping v2, and what Easy Ship calls the same
    ('amazon', 'tracking_status', 'PreTransit', 'pre_transit'),
    ('amazon', 'tracking_status', 'InTransit', 'in_transit'),
    ('amazon', 'tracking_status', 'OutForDelivery', 'out_for_delivery'),
    ('amazon', 'tracking_status', 'DeliveryAttempted', 'delivery_attempted'),
    ('amazon', 'tracking_status', 'AwaitingCustomerPickup', 'available_for_pickup'),
    ('amazon', 'tracking_status', 'Rejected', 'exception'),
    ('amazon', 'tracking_status', 'Undeliverable', 'exception'),
    ('amazon', 'tracking_status', 'Delivered', 'delivered'),
    ('amazon', 'tracking_status', 'Lost', 'lost'),
    ('amazon', 'tracking_status', 'PickupCancelled', 'cancelled'),
    -- Easy Ship
    ('amazon', 'tracking_status', 'PendingSchedule', 'pre_transit'),
    ('amazon', 'tracking_status', 'PendingPickUp', 'pre_transit'),
    ('amazon', 'tracking_status', 'PendingDropOff', 'pre_transit'),
    ('amazon', 'tracking_status', 'PickedUp', 'in_transit'),
    ('amazon', 'tracking_status', 'DroppedOff', 'in_transit'),
    ('amazon', 'tracking_status', 'AtOriginFC', 'in_transit'),
    ('amazon', 'tracking_status', 'AtDestinationFC', 'in_transit'),
    ('amazon', 'tracking_status', 'RejectedByBuyer', 'exception'),
    ('amazon', 'tracking_status', 'Damaged', 'exception'),
    ('amazon', 'tracking_status', 'ReturningToSeller', 'return_to_sender'),
    ('amazon', 'tracking_status', 'ReturnedToSeller', 'return_to_sender'),
    ('amazon', 'tracking_status', 'LabelCanceled', 'cancelled'),
    -- Fulfillment Outbound
    ('amazon', 'tracking_status', 'UNKNOWN', 'unknown'),
    ('amazon', 'tracking_status', 'IN_TRANSIT', 'in_transit'),
    ('amazon', 'tracking_status', 'OUT_FOR_DELIVERY', 'out_for_delivery'),
    ('amazon', 'tracking_status', 'DELIVERY_ATTEMPTED', 'delivery_attempted'),
    ('amazon', 'tracking_status', 'AVAILABLE_FOR_PICKUP', 'available_for_pickup'),
    ('amazon', 'tracking_status', 'CUSTOMER_ACTION', 'exception'),
    ('amazon', 'tracking_status', 'DELAYED', 'exception'),
    ('amazon', 'tracking_status', 'UNDELIVERABLE', 'exception'),
    ('amazon', 'tracking_status', 'DELIVERED', 'delivered'),
    ('amazon', 'tracking_status', 'RETURNING', 'return_to_sender'),
    ('amazon', 'tracking_status', 'RETURNED', 'return_to_sender'),

    ('aftership', 'tracking_status', 'Pending', 'unknown'),
    ('aftership', 'tracking_status', 'Expired', 'unknown'), -- nothing heard for 30 days
    ('aftership', 'tracking_status', 'InfoReceived', 'pre_transit'),
    ('aftership', 'tracking_status', 'InTransit', 'in_transit'),
    ('aftership', 'tracking_status', 'OutForDelivery', 'out_for_delivery'),
    ('aftership', 'tracking_status', 'AttemptFail', 'delivery_attempted'),
    ('aftership', 'tracking_status', 'AvailableForPickup', 'available_for_pickup'),
    ('aftership', 'tracking_status', 'Exception', 'exception'),
    ('aftership', 'tracking_status', 'Delivered', 'delivered'),
    -- Subtags, which say more than their tag where an exception is the end
    ('aftership', 'tracking_status', 'Pending_001', 'unknown'),
    ('aftership', 'tracking_status', 'Expired_001', 'unknown'),
    ('aftership', 'tracking_status', 'InfoReceived_001', 'pre_transit'),
    ('aftership', 'tracking_status', 'InTransit_001', 'in_transit'),
    ('aftership', 'tracking_status', 'InTransit_002', 'in_transit'), -- accepted by the carrier
    ('aftership', 'tracking_status', 'InTransit_003', 'in_transit'), -- arrival scan
    ('aftership', 'tracking_status', 'InTransit_004', 'in_transit'), -- arrived in the destination country
    ('aftership', 'tracking_status', 'InTransit_005', 'in_transit'), -- customs completed
    ('aftership', 'tracking_status', 'InTransit_006', 'in_transit'), -- customs started
    ('aftership', 'tracking_status', 'InTransit_007', 'in_transit'), -- departure scan
    ('aftership', 'tracking_status', 'InTransit_008', 'in_transit'), -- problem resolved
    ('aftership', 'tracking_status', 'InTransit_009', 'in_transit'), -- forwarded to another address
    ('aftership', 'tracking_status', 'OutForDelivery_001', 'out_for_delivery'),
    ('aftership', 'tracking_status', 'OutForDelivery_003', 'out_for_delivery'), -- customer contacted
    ('aftership', 'tracking_status', 'OutForDelivery_004', 'out_for_delivery'), -- appointment scheduled
    ('aftership', 'tracking_status', 'AttemptFail_001', 'delivery_attempted'),
    ('aftership', 'tracking_status', 'AttemptFail_002', 'delivery_attempted'), -- recipient not there
    ('aftership', 'tracking_status', 'AttemptFail_003', 'delivery_attempted'), -- business closed
    ('aftership', 'tracking_status', 'AvailableForPickup_001', 'available_for_pickup'),
    ('aftership', 'tracking_status', 'Exception_001', 'exception'),
    ('aftership', 'tracking_status', 'Exception_002', 'exception'), -- customer moved
    ('aftership', 'tracking_status', 'Exception_003', 'exception'), -- refused
    ('aftership', 'tracking_status', 'Exception_004', 'exception'), -- delayed in customs
    ('aftership', 'tracking_status', 'Exception_005', 'exception'), -- delayed by something else
    ('aftership', 'tracking_status', 'Exception_006', 'exception'), -- held for payment
    ('aftership', 'tracking_status', 'Exception_007', 'exception'), -- incorrect address
    ('aftership', 'tracking_status', 'Exception_008', 'exception'), -- pick-up missed
    ('aftership', 'tracking_status', 'Exception_009', 'exception'), -- rejected by the carrier
    ('aftership', 'tracking_status', 'Exception_010', 'return_to_sender'), -- on its way back
    ('aftership', 'tracking_status', 'Exception_011', 'return_to_sender'), -- back
    ('aftership', 'tracking_status', 'Exception_012', 'exception'), -- damaged
    ('aftership', 'tracking_status', 'Exception_013', 'lost'),
    ('aftership', 'tracking_status', 'Delivered_001', 'delivered'),
    ('aftership', 'tracking_status', 'Delivered_002', 'delivered'), -- picked up by the customer
    ('aftership', 'tracking_status', 'Delivered_003', 'delivered'), -- signed for
    ('aftership', 'tracking_status', 'Delivered_004', 'delivered'), -- cash collected
    ('aftership', 'tracking_status', 'Delivered_005', 'delivered') -- to a neighbour
) as codes (source_system, entity, raw_code, canonical_code)
