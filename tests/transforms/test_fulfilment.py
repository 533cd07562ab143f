"""What nodes have been told to ship, and the stock that it takes, in the world of world.yaml."""

from decimal import Decimal
from typing import Any

import pytest

pytestmark = pytest.mark.filterwarnings(
    # open-data-contract-standard 3.2.0 reads its schema through importlib.resources.open_text
    "ignore:open_text is deprecated:DeprecationWarning"
)


def test_what_is_released_to_a_node_is_a_fulfilment_order_in_its_newest_version(hub: Any) -> None:
    assert hub.rows(
        "SELECT fo_no, version, status, request_status FROM canonical.fulfilment_order ORDER BY 1"
    ) == [
        ("SH-1", 1, "incomplete", "closed"),
        ("SH-2", 1, "open", "submitted"),
        ("SH-3", 1, "cancelled", "cancellation_accepted"),
        ("TS-1", 1, "incomplete", "closed"),
        ("TS-2", 1, "open", "submitted"),
        ("TS-3", 2, "cancelled", "cancellation_accepted"),
    ]


def test_a_line_says_how_far_it_is_and_what_it_was_sent_without(hub: Any) -> None:
    assert hub.rows(
        "SELECT fo_no, qty, picked_qty, packed_qty, shipped_qty, short_qty "
        "FROM canonical.fulfilment_order_line JOIN canonical.fulfilment_order USING (fo_uid) "
        "ORDER BY 1"
    ) == [
        ("SH-1", *map(Decimal, (24, 20, 20, 20, 4))),
        ("SH-2", *map(Decimal, (3, 0, 0, 0, 0))),
        ("SH-3", *map(Decimal, (4, 0, 0, 0, 0))),
        ("TS-1", Decimal(10), None, *map(Decimal, (8, 8, 2))),
        ("TS-2", Decimal(2), None, *map(Decimal, (0, 0, 0))),
        ("TS-3", Decimal(5), None, *map(Decimal, (0, 0, 0))),
    ]


def test_open_lines_are_allocations_and_shipped_ones_are_not(hub: Any) -> None:
    assert hub.rows(
        "SELECT a.source_key, node_code, sku, qty, a.status, fo_uid IS NOT NULL "
        "FROM canonical.allocation a JOIN canonical.node USING (node_uid) "
        "JOIN canonical.product USING (product_uid) ORDER BY 1"
    ) == [
        ("SH-2/2", "RNO", "AA-00002", Decimal(3), "firm", True),
        ("TS-2/1", "ATL", "AA-00001", Decimal(2), "firm", True),
    ]


def test_a_pick_leads_to_its_order_and_its_place(hub: Any) -> None:
    assert hub.rows(
        "SELECT fo_no, order_line_no, location_code, sku, qty FROM canonical.pick_task "
        "JOIN canonical.fulfilment_order USING (fo_uid) "
        "JOIN canonical.storage_location USING (location_uid) "
        "JOIN canonical.product USING (product_uid)"
    ) == [("SH-1", 1, "R-01", "AA-00001", Decimal(20))]


def test_a_lane_without_thirty_deliveries_goes_by_what_is_published(hub: Any) -> None:
    assert hub.rows(
        "SELECT carrier, days_published, n_obs, p95_h, basis FROM canonical.lane_transit "
        "JOIN canonical.carrier_service USING (service_uid) ORDER BY 1"
    ) == [("UPS", 2, 0, None, "published"), ("USPS", 2, 1, None, "published")]


def test_an_entity_that_no_source_feeds_is_there_and_empty(hub: Any) -> None:
    assert hub.rows("SELECT count(*) FROM canonical.robot_state") == [(0,)]
    assert ("state_at", "TIMESTAMP WITH TIME ZONE", "NO") in [
        row[:3] for row in hub.rows("DESCRIBE canonical.robot_state")
    ]
