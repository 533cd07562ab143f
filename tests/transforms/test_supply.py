"""Goods on their way, taken in, moved and counted in the small world of world.yaml."""

from decimal import Decimal
from typing import Any

import pytest

pytestmark = pytest.mark.filterwarnings(
    # open-data-contract-standard 3.2.0 reads its schema through importlib.resources.open_text
    "ignore:open_text is deprecated:DeprecationWarning"
)


def test_a_purchase_order_in_cases_is_counted_in_base_units(hub: Any) -> None:
    assert hub.rows(
        "SELECT po_no, ordered_qty, received_qty, open_qty, ordered_qty_raw, party_no "
        "FROM canonical.purchase_order_line JOIN canonical.purchase_order p USING (po_uid) "
        "JOIN canonical.party ON party_uid = supplier_uid WHERE po_no = 'PO-1'"
    ) == [("PO-1", *map(Decimal, (60, 12, 48, 5)), "S-1")]


def test_a_shipment_on_its_way_is_as_its_newest_notice_and_as_far_as_its_receipts(hub: Any) -> None:
    assert hub.rows(
        "SELECT shipment_no, node_code, s.status, shipped_qty, po_no, sscc18 "
        "FROM canonical.inbound_shipment s JOIN canonical.node USING (node_uid) "
        "JOIN canonical.inbound_shipment_line USING (inbound_uid) "
        "LEFT JOIN canonical.purchase_order USING (po_uid) ORDER BY 1"
    ) == [
        ("ASN-1", "ATL", "partially_received", Decimal(12), "PO-4", "000000000000000042"),
        ("ASN-2", "ATL", "partially_received", Decimal(12), "PO-4", None),
        ("ASN-3", "ATL", "cancelled", Decimal(12), "PO-3", None),
        ("TR-1", "RNO", "in_transit", Decimal(4), None, None),
    ]


def test_a_receipt_that_was_sent_again_counts_as_corrected(hub: Any) -> None:
    assert hub.rows(
        "SELECT receipt_no, received_qty, damaged_qty, po_no, r.source_system "
        "FROM canonical.receipt_line r JOIN canonical.purchase_order USING (po_uid) ORDER BY 1"
    ) == [
        ("WR-1", Decimal(12), Decimal(0), "PO-4", "threepl"),
        ("WR-2", Decimal(3), Decimal(1), "PO-4", "threepl"),
        (None, Decimal(83), Decimal(0), "PO-3", "wms"),
    ]


def test_what_the_3pl_takes_in_ships_and_corrects_are_movements_beside_the_wms(hub: Any) -> None:
    assert hub.rows(
        "SELECT node_code, m.type, doc_no, qty, lot_code, from_disposition, to_disposition, "
        "location_uid IS NOT NULL FROM canonical.inventory_movement m "
        "JOIN canonical.node USING (node_uid) ORDER BY 1, 2, 3, 4"
    ) == [
        ("ATL", "adjust", "ADJ-1", Decimal(-2), "L7", None, None, False),
        ("ATL", "receive", "PO-4", Decimal(3), "L7", None, None, False),
        ("ATL", "receive", "PO-4", Decimal(12), "L7", None, None, False),
        ("ATL", "ship", "TS-1", Decimal(-5), "", "available", None, False),
        ("ATL", "ship", "TS-1", Decimal(-3), "", "available", None, False),
        ("RNO", "count_correction", "CC-1", Decimal(-3), "L1", "available", None, True),
        ("RNO", "move", None, Decimal(-5), "L1", None, None, False),
        ("RNO", "pick", "SH-1", Decimal(-20), "L1", "available", None, True),
        ("RNO", "receive", "PO-3", Decimal(83), "L1", None, "available", True),
    ]


def test_a_document_behind_a_movement_is_found_by_its_identity(hub: Any) -> None:
    assert hub.rows(
        "SELECT shipment_no FROM canonical.inventory_movement m "
        "JOIN canonical.shipment ON doc_uid = shipment_uid WHERE m.type = 'pick'"
    ) == [("SH-1",)]
    assert hub.rows(
        "SELECT count(*) FROM canonical.inventory_movement m "
        "JOIN canonical.cycle_count ON doc_uid = count_uid"
    ) == [(1,)]


def test_a_count_expected_what_the_movements_before_it_left(hub: Any) -> None:
    assert hub.rows(
        "SELECT count_no, expected_qty, counted_qty, location_code FROM canonical.cycle_count_line "
        "JOIN canonical.cycle_count USING (count_uid) "
        "JOIN canonical.storage_location USING (location_uid)"
    ) == [("CC-1", Decimal(83), Decimal(80), "R-01")]


def test_a_lot_knows_the_supplier_who_brought_it(hub: Any) -> None:
    assert hub.rows(
        "SELECT sku, lot_code, status, party_no FROM canonical.lot "
        "JOIN canonical.product USING (product_uid) "
        "JOIN canonical.party ON party_uid = supplier_uid"
    ) == [("AA-00001", "L1", "released", "S-1")]


def test_nothing_personal_reaches_the_canonical_tables(hub: Any) -> None:
    told = str(hub.contents())
    assert "C-1" in told
    assert not [word for word in ("someone@example.org", "555-0100", "restricted") if word in told]
