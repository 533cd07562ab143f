"""What the databases say must add up, to the piece, with the truth and with itself."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal

import pytest

from estate import Estate


@pytest.fixture(params=["own policy", "led"])
def estate(request: pytest.FixtureRequest, estate: Estate, led: Estate) -> Estate:
    """A network that decides by itself, and one that is told what to do."""
    return estate if request.param == "own policy" else led


@pytest.fixture
def wms(estate: Estate) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(estate.home / "wms.sqlite")) as database:
        yield database


@pytest.fixture
def erp(estate: Estate) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(estate.home / "erp.sqlite")) as database:
        yield database


def test_stock_in_every_bin_is_the_sum_of_its_movements(wms: sqlite3.Connection) -> None:
    stock = dict(_by_bin(wms, "select bin_id, item_id, lot_code, qty from stock"))
    moved = dict(
        _by_bin(
            wms,
            "select bin_id, item_id, lot_code, sum(qty) from movements"
            " group by bin_id, item_id, lot_code",
        )
    )
    assert stock == moved and len(stock) > 100
    assert min(stock.values()) == 0


def _by_bin(database: sqlite3.Connection, query: str) -> Iterator[tuple[tuple[str, int, str], int]]:
    for bin_id, item_id, lot, qty in database.execute(query):
        yield (bin_id, item_id, lot), qty


def test_the_wms_holds_the_true_stock_of_our_own_nodes(
    estate: Estate, wms: sqlite3.Connection
) -> None:
    query = """
        select facility_code, gtin14, lot_code, disposition, sum(qty) from stock
        join items using (item_id) group by 1, 2, 3, 4 having sum(qty) <> 0
    """
    truth = estate.truth()
    gtins = {row["sku"]: row["gtin14"] for row in truth["products"]}
    assert {tuple(row[:4]): row[4] for row in wms.execute(query)} == {
        (row["node_code"], gtins[row["sku"]], row["lot_code"], row["disposition"]): row["qty"]
        for row in truth["stock"]
        if row["node_code"] != "ATL"
    }


def test_no_more_is_shipped_than_was_ordered_and_the_rest_is_open(estate: Estate) -> None:
    for line in estate.truth()["order_lines"]:
        done = line["cancelled_qty"] + line["allocated_qty"] + line["shipped_qty"]
        assert line["ordered_qty"] - done == line["open_qty"] >= 0, line


def test_parcels_hold_what_was_shipped(estate: Estate) -> None:
    truth = estate.truth()
    orders = {row["shipment_no"]: row["order_no"] for row in truth["shipments"]}
    shipments = {row["sscc18"]: row["shipment_no"] for row in truth["packages"]}
    packed: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for item in truth["package_items"]:
        packed[orders[shipments[item["sscc18"]]], item["order_line_no"]] += item["qty"]
    assert packed == {
        (line["order_no"], line["line_no"]): line["shipped_qty"]
        for line in truth["order_lines"]
        if line["shipped_qty"]
    }


def test_open_shipments_of_the_wms_are_what_is_allocated_at_our_own_nodes(
    estate: Estate, wms: sqlite3.Connection
) -> None:
    query = """
        select facility_code, gtin14, sum(qty_ordered - qty_shipped) from shipment_lines
        join shipments using (shipment_no) join items using (item_id)
        where status in ('released', 'picking') group by 1, 2
    """
    truth = estate.truth()
    gtins = {row["sku"]: row["gtin14"] for row in truth["products"]}
    assert {tuple(row[:2]): row[2] for row in wms.execute(query)} == {
        (row["node_code"], gtins[row["sku"]]): row["allocated"]
        for row in truth["atp"]
        if row["allocated"] and row["node_code"] != "ATL"
    }


def test_orders_of_today_wait_for_the_hub(estate: Estate) -> None:
    truth = estate.truth()
    today = {r["order_no"] for r in truth["orders"] if r["placed_at"].date() == estate.now.date()}
    assert len(today) == 60
    lines = [line for line in truth["order_lines"] if line["order_no"] in today]
    assert all(line["allocated_qty"] == line["shipped_qty"] == 0 for line in lines)


def test_cases_are_ordered_and_counted_in_base_units(
    estate: Estate, erp: sqlite3.Connection
) -> None:
    query = """
        select order_no, line_no, ordered_qty * qty_num / qty_den, cancelled_qty * qty_num / qty_den
        from sales_order_lines join product_packs using (sku)
        where pack_level = case ordered_uom when 'CA' then 'case' else 'each' end
    """
    truth = estate.truth()["order_lines"]
    assert {tuple(row[:2]): tuple(row[2:]) for row in erp.execute(query)} == {
        (line["order_no"], line["line_no"]): (line["ordered_qty"], line["cancelled_qty"])
        for line in truth
    }
    cases = erp.execute("select count(*) from sales_order_lines where ordered_uom = 'CA'")
    assert cases.fetchone()[0] > 10


def test_the_world_is_rich_enough_to_try_a_hub_on(estate: Estate) -> None:
    truth = estate.truth()
    lines = {line["status"] for line in truth["order_lines"]}
    assert lines == {"placed", "accepted", "partially_fulfilled", "fulfilled", "cancelled"}
    assert {row["status"] for row in truth["shipments"]} >= {"released", "shipped", "cancelled"}
    assert {row["disposition"] for row in truth["stock"]} == {
        "available",
        "quality_control",
        "damaged",
    }
    assert any(row["inbound_7d"] for row in truth["atp"])
    assert any(not row["atp"] and row["on_hand"] for row in truth["atp"])
    assert {row["channel"] for row in truth["orders"]} == {"webshop", "marketplace"}
    several = defaultdict(set)
    for row in truth["shipments"]:
        several[row["order_no"]].add(row["node_code"])
    assert any(len(nodes) > 1 for nodes in several.values()), "no order was split"


def test_the_erp_believes_something_else_about_stock(
    estate: Estate, erp: sqlite3.Connection
) -> None:
    beliefs = {
        tuple(row[:2]): row[2]
        for row in erp.execute("select warehouse_code, sku, on_hand_qty from stock")
    }
    true = {(row["node_code"], row["sku"]): row["on_hand"] for row in estate.truth()["atp"]}
    assert beliefs.keys() == true.keys()
    assert beliefs != true
