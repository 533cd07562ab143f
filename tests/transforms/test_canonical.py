"""What the canonical tables say of the small world in world.yaml, reckoned by hand."""

from decimal import Decimal
from typing import Any

import pytest

pytestmark = pytest.mark.filterwarnings(
    # open-data-contract-standard 3.2.0 reads its schema through importlib.resources.open_text
    "ignore:open_text is deprecated:DeprecationWarning"
)


def test_an_order_in_cases_is_counted_in_base_units(hub: Any) -> None:
    assert hub.rows(
        "SELECT ordered_qty, ordered_qty_raw, shipped_qty, allocated_qty, open_qty, l.status "
        "FROM canonical.sales_order_line l JOIN canonical.sales_order USING (order_uid) "
        "WHERE order_no = 'SO-1' AND line_no = 1"
    ) == [(Decimal(24), Decimal(2), Decimal(20), Decimal(0), Decimal(4), "partially_fulfilled")]


def test_a_released_shipment_allocates_and_a_cancelled_one_does_not(hub: Any) -> None:
    assert hub.rows(
        "SELECT ordered_qty, cancelled_qty, allocated_qty, open_qty, l.status "
        "FROM canonical.sales_order_line l JOIN canonical.sales_order USING (order_uid) "
        "WHERE order_no = 'SO-1' AND line_no = 2"
    ) == [(Decimal(5), Decimal(1), Decimal(3), Decimal(1), "accepted")]


def test_a_corrected_945_counts_once_with_all_its_parcels(hub: Any) -> None:
    assert hub.rows(
        "SELECT shipped_qty, allocated_qty, open_qty FROM canonical.sales_order_line "
        "JOIN canonical.sales_order USING (order_uid) WHERE order_no = 'SO-2'"
    ) == [(Decimal(8), Decimal(2), Decimal(0))]
    assert hub.rows(
        "SELECT p.sscc18, i.qty, p.carrier, p.tracking_no FROM canonical.package_item i "
        "JOIN canonical.package p USING (package_uid) WHERE p.source_system = 'threepl' ORDER BY 1"
    ) == [
        ("000000000000000028", Decimal(5), "UPS", "TRK-2"),
        ("000000000000000035", Decimal(3), "UPS", "TRK-3"),
    ]


def test_shipments_of_the_3pl_follow_their_documents(hub: Any) -> None:
    assert hub.rows(
        "SELECT shipment_no, status, carrier, service, service_uid IS NOT NULL, cost "
        "FROM canonical.shipment WHERE source_system = 'threepl' ORDER BY 1"
    ) == [
        ("TS-1", "shipped", "UPS", "Ground", True, Decimal("9.15")),
        ("TS-2", "released", "UPS", "Ground", True, None),
        ("TS-3", "cancelled", "UPS", "Ground", True, None),
    ]


def test_orders_are_as_far_as_their_lines(hub: Any) -> None:
    assert hub.rows("SELECT order_no, status FROM canonical.sales_order ORDER BY 1") == [
        ("SO-1", "partially_fulfilled"),
        ("SO-2", "partially_fulfilled"),
        ("SO-3", "placed"),
        ("SO-4", "cancelled"),
    ]


def test_only_the_newest_stock_report_of_the_3pl_counts(hub: Any) -> None:
    assert hub.rows(
        "SELECT disposition, qty, winner_source, recon_status FROM canonical.inventory "
        "JOIN canonical.node USING (node_uid) WHERE node_code = 'ATL' ORDER BY 1"
    ) == [
        ("available", Decimal(80), "threepl", "unexplained"),
        ("quality_control", Decimal(6), "threepl", "unexplained"),
    ]


def test_the_wms_wins_at_its_own_node_and_the_erp_is_kept_beside_it(hub: Any) -> None:
    assert hub.rows(
        "SELECT sku, disposition, qty, winner_source, confidence, recon_status "
        "FROM canonical.inventory JOIN canonical.node USING (node_uid) "
        "JOIN canonical.product USING (product_uid) WHERE node_code = 'RNO' ORDER BY 1, 2"
    ) == [
        ("AA-00001", "available", Decimal(75), "wms", Decimal("0.7"), "unexplained"),
        ("AA-00001", "damaged", Decimal(5), "wms", Decimal("0.7"), "unexplained"),
        ("AA-00002", "available", Decimal(7), "wms", Decimal("0.95"), "agreed"),
    ]
    assert hub.rows(
        "SELECT count(*) FROM canonical.inventory_position WHERE source_system = 'erp'"
    ) == [(3,)]


def test_what_may_be_promised_is_what_is_left(hub: Any) -> None:
    assert hub.rows(
        "SELECT node_code, sku, on_hand, unavailable, allocated, safety, inbound_7d, atp "
        "FROM canonical.inventory_atp JOIN canonical.node USING (node_uid) "
        "JOIN canonical.product USING (product_uid) ORDER BY 1, 2"
    ) == [
        ("ATL", "AA-00001", *map(Decimal, (86, 6, 2, 0, 0, 78))),
        ("RNO", "AA-00001", *map(Decimal, (80, 5, 0, 10, 48, 65))),
        ("RNO", "AA-00002", *map(Decimal, (7, 0, 3, 0, 0, 4))),
    ]


def test_a_late_scan_never_regresses_a_delivered_package(hub: Any) -> None:
    assert hub.rows(
        "SELECT tracking_no, status, strftime(status_at, '%H:%M'), delivered_at = status_at "
        "FROM canonical.package ORDER BY 1"
    ) == [("TRK-1", "delivered", "21:30", True), ("TRK-2", "unknown", None, None),
          ("TRK-3", "unknown", None, None)]  # fmt: skip
    assert hub.rows(
        "SELECT strftime(event_at, '%H:%M'), canonical_status, is_duplicate, is_regression, place "
        "FROM canonical.tracking_event ORDER BY 1"
    ) == [
        ("20:05", "pre_transit", False, False, "Reno, NV, 89506, US"),
        ("21:00", "in_transit", False, False, None),
        ("21:30", "delivered", True, False, "Portland, OR, US"),
        ("21:45", "in_transit", False, True, None),
    ]


def test_measured_dimensions_go_before_typed_ones(hub: Any) -> None:
    assert hub.rows(
        "SELECT sku, length_mm, gross_g, gtin14, hazmat_class FROM canonical.product ORDER BY 1"
    ) == [
        ("AA-00001", 310, 962, "04006381333931", None),
        ("AA-00002", None, 430, "04006381333948", "9"),
    ]


def test_a_node_takes_its_state_from_the_wms_and_its_zone_from_its_address(hub: Any) -> None:
    assert hub.rows("SELECT node_code, ops_status, zone FROM canonical.node ORDER BY 1") == [
        ("ATL", "open", "US-3"),
        ("RNO", "degraded", "US-8"),
    ]


def test_services_meet_however_their_carrier_is_cased(hub: Any) -> None:
    assert hub.rows(
        "SELECT carrier, service, name, max_weight_g, source_system "
        "FROM canonical.carrier_service ORDER BY 1, 2"
    ) == [
        ("UPS", "Ground", None, None, "erp"),
        ("USPS", "Priority", "Priority Mail", 31751, "carrier"),
        ("usps", "GroundAdvantage", "Ground Advantage", 31751, "carrier"),
    ]
    assert hub.rows(
        "SELECT count(*) FROM canonical.carrier_rate "
        "JOIN canonical.carrier_service USING (service_uid)"
    ) == [(2,)]


@pytest.mark.parametrize(
    ("source", "stream", "key", "reason"),
    [
        ("erp", "sales_order_lines", "SO-3/1", "unknown_article"),
        ("erp", "freight_rates", "UPS/Ground/US-8/US-1/0/2026-01-01", "impossible_value"),
        ("wms", "items", "599", "unknown_article"),
        ("wms", "stock", "R-05/599/L1", "unknown_article"),
        ("wms", "shipments", "SH-9", "unknown_order"),
        ("threepl", "inventory_846", "new846/1/3", "unknown_article"),
        ("carrier", "trackers", "trk_9", "unknown_package"),
        ("carrier", "shipments", "shp_9", "unknown_package"),
    ],
)
def test_what_nobody_knows_is_collected_with_the_reason(
    hub: Any, source: str, stream: str, key: str, reason: str
) -> None:
    found = hub.rows("SELECT source_system, stream, source_key, reason FROM canonical.orphan")
    assert (source, stream, key, reason) in found


def test_nothing_else_is_an_orphan_and_no_orphan_is_counted_twice(hub: Any) -> None:
    found = hub.rows("SELECT source_system, stream, source_key, reason FROM canonical.orphan")
    assert len(found) == len(set(found)) == 9  # the eight above, and the event of "yesterday"


def test_every_orphan_waits_for_one_question_and_a_question_counts_who_waits(hub: Any) -> None:
    assert hub.rows(
        "SELECT t.kind, t.source_system, t.source_key, t.rows_affected, count(o.source_key) "
        "FROM canonical.orphan o LEFT JOIN canonical.steward_task t USING (task_uid) "
        "GROUP BY ALL ORDER BY ALL"
    ) == [
        ("unknown_article", "erp", "ZZ-99999", 1, 1),
        ("unknown_article", "threepl", "|NOT-OURS", 1, 1),
        ("unknown_article", "wms", "599", 2, 2),  # the item and what lies of it in a bin
        ("unknown_reference", "carrier", "bad_timestamp in trackers", 1, 1),
        ("unknown_reference", "carrier", "unknown_package in shipments", 1, 1),
        ("unknown_reference", "carrier", "unknown_package in trackers", 1, 1),
        ("unknown_reference", "erp", "impossible_value in freight_rates", 1, 1),
        ("unknown_reference", "wms", "unknown_order in shipments", 1, 1),
    ]


def test_the_codes_that_carriers_and_marketplaces_publish_are_there_to_rely_on(hub: Any) -> None:
    known = {
        (system, entity, raw): (canonical, rank, terminal)
        for system, entity, raw, canonical, rank, terminal in hub.rows(
            "SELECT source_system, entity, raw_code, canonical_code, status_rank, is_terminal "
            "FROM canonical.status_map"
        )
    }
    assert known["x12_214", "tracking_status", "AF"] == ("in_transit", 30, False)
    assert known["x12_214", "tracking_status", "AP"] == ("delivery_attempted", 45, False)
    assert known["x12_214", "tracking_status", "D1"] == ("delivered", 90, True)
    assert known["aftership", "tracking_status", "Exception"] == ("exception", 60, False)
    assert known["aftership", "tracking_status", "Exception_013"] == ("lost", 95, True)
    assert known["amazon", "tracking_status", "AwaitingCustomerPickup"] == (
        "available_for_pickup", 50, False,
    )  # fmt: skip
    assert known["amazon", "order_status", "Pending"] == ("on_hold", None, None)
    # An estimate says nothing of how far a parcel is: a connector leaves it unknown.
    assert ("x12_214", "tracking_status", "AG") not in known
    for (system, _, raw), (meaning, *_) in known.items():
        if system == "aftership" and "_" in raw and meaning not in ("return_to_sender", "lost"):
            tag = raw.partition("_")[0]
            assert meaning == known[system, "tracking_status", tag][0], raw
