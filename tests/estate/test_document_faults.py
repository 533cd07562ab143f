"""Documents, stock, clocks and columns that go wrong; what is true is told apart from them."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from estate import Estate
from estate.faults import FAULTS

Make = Callable[..., Estate]
ALIKE = {
    "advice_twice", "received_before_notice", "two_allocations", "negative_transit", "clock_ahead",
    "column_renamed",
}  # fmt: skip


def ask(estate: Estate, system: str, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(estate.home / f"{system}.sqlite")) as database:
        return database.execute(query).fetchall()


def sets(estate: Estate, kind: str) -> list[tuple[str, list[list[str]]]]:
    """Transaction sets with the day and minute of their files, in the order of their sending."""
    found = []
    for path in sorted((estate.drop_folder / "inbound").glob(f"{kind}_*.edi")):
        text = re.split(r"[~\r\n]+", path.read_bytes().decode("utf-8-sig"))
        for part in "\x00".join(text).split("\x00ST*")[1:]:
            body = part.split("\x00SE*")[0].split("\x00")[1:]
            found.append((path.name[4:17], [segment.split("*") for segment in body]))
    return found


@pytest.fixture
def estate(make: Make) -> Estate:
    return make(orders=400, days=6, products=80)


@pytest.mark.parametrize("fault", sorted(ALIKE))
def test_the_truth_stays_as_it_is(estate: Estate, fault: str) -> None:
    truth = estate.truth()
    estate.inject(fault)
    assert estate.truth() == truth
    estate = Estate.open(estate.home)
    assert estate.active_faults == (fault,)
    estate.clear()
    assert estate.truth() == truth and estate.active_faults == ()


def test_the_last_of_three_advices_is_the_first_one_again(estate: Estate) -> None:
    before = {body[0][4]: body for _, body in sets(estate, "945")}
    estate.inject("advice_twice")
    late = [(at, body) for at, body in sets(estate, "945") if at > f"{estate.now:%Y%m%d_%H%M}"]
    numbers = {body[0][4] for _, body in late}
    assert len(numbers) == 3
    for number in numbers:
        wrong, again, right = (body for _, body in late if body[0][4] == number)
        assert wrong == again and wrong != before[number]
        assert right[0][1] == "R" and right[1:] == before[number][1:]
        shipped = [int(line[3]) for body in (wrong, right) for line in body if line[0] == "W12"]
        half = len(shipped) // 2
        assert sum(shipped[:half]) == sum(shipped[half:]) - 1


def test_goods_are_received_before_their_notice(estate: Estate) -> None:
    before = sets(estate, "856")
    estate.inject("received_before_notice")
    received = {body[0][4]: at for at, body in reversed(sets(estate, "944"))}
    noticed = {
        segment[1]: at
        for at, body in sets(estate, "856")
        for segment in body
        if segment[0] == "PRF"
    }
    late = [po_no for po_no, at in received.items() if noticed[po_no] > at]
    assert late
    bodies = [
        sorted(map(repr, (body for _, body in found))) for found in (before, sets(estate, "856"))
    ]
    assert set(bodies[0]) == set(bodies[1]), "no notice is lost"


def test_a_recalled_lot_is_told_by_the_wms_and_nothing_of_it_is_available(estate: Estate) -> None:
    truth = estate.truth()
    estate.inject("lot_recalled")
    ((item, lot),) = ask(
        estate, "wms", "select item_id, lot_code from lots where status = 'recalled'"
    )
    told = estate.truth()
    held = [row for row in told["stock"] if row["disposition"] == "recalled"]
    assert {row["lot_code"] for row in held} == {lot} and len({row["sku"] for row in held}) == 1
    units = sum(row["qty"] for row in held)
    assert units > 0 and item
    unavailable = [sum(row["unavailable"] for row in t["atp"]) for t in (truth, told)]
    assert unavailable[1] - unavailable[0] == units
    estate.clear()
    assert estate.truth() == truth


def test_two_open_shipments_ask_for_more_than_there_is(estate: Estate) -> None:
    query = """
        select facility_code, item_id, sum(qty_ordered), count(*), (
            select sum(qty) from stock where stock.item_id = lines.item_id
            and stock.facility_code = shipments.facility_code and disposition = 'available'
        ) as held
        from shipment_lines lines join shipments using (shipment_no)
        where status in ('released', 'picking') group by 1, 2 having sum(qty_ordered) > held
    """
    assert ask(estate, "wms", query) == []
    estate.inject("two_allocations")
    ((_, _, asked, shipments, held),) = ask(estate, "wms", query)
    assert asked > held and shipments >= 2
    estate.clear()
    assert ask(estate, "wms", query) == []


def test_some_rates_promise_to_be_there_before_they_leave(estate: Estate) -> None:
    query = "select count(*) from freight_rates where transit_days = -2"
    estate.inject("negative_transit")
    assert ask(estate, "erp", query) == [(5,)]
    estate.clear()
    assert ask(estate, "erp", query) == [(0,)]


def test_a_clock_ahead_dates_today_three_hours_later(estate: Estate) -> None:
    queries = (
        "select movement_id, occurred_at from movements",
        "select pick_id, picked_at from picks",
        "select shipment_no, updated_at from shipments",
    )

    def dated() -> dict[Any, datetime]:
        rows = [(query, row) for query in queries for row in ask(estate, "wms", query)]
        return {(query, key): datetime.fromisoformat(at) for query, (key, at) in rows}

    before = dated()
    estate.inject("clock_ahead")
    after = dated()
    apart = {(at.date() == estate.now.date(), after[key] - at) for key, at in before.items()}
    assert apart == {(True, timedelta(hours=3)), (False, timedelta(0))}
    estate.advance()
    later = max(at for key, at in dated().items() if key not in before)
    Estate.open(estate.home).clear()
    mended = dated()
    assert max(mended.values()) == later - timedelta(hours=3)
    assert {key: mended[key] for key in before if "movements" in key[0]} == {
        key: at for key, at in before.items() if "movements" in key[0]
    }


def test_a_column_has_another_name_and_the_same_values(estate: Estate) -> None:
    query = "select item_id, lot_code, {} from lots order by 1, 2"
    before = ask(estate, "wms", query.format("expiry_date"))
    estate.inject("column_renamed")
    assert ask(estate, "wms", query.format("best_before")) == before
    estate.advance()
    more = ask(estate, "wms", query.format("best_before"))
    assert len(more) > len(before)
    Estate.open(estate.home).clear()
    assert ask(estate, "wms", query.format("expiry_date")) == more


def test_phantom_stock_is_known_to_the_truth_alone(estate: Estate) -> None:
    truth = estate.truth()
    tables = ("wms", "stock"), ("erp", "stock"), ("shop", "inventory_levels")
    before = [ask(estate, system, f"select * from {table}") for system, table in tables]
    estate.inject("phantom_stock")
    assert [ask(estate, system, f"select * from {table}") for system, table in tables] == before
    told = estate.truth()
    assert len(told["phantom_stock"]) == 3 and truth["phantom_stock"] == []
    on_hand = [{(r["node_code"], r["sku"]): r["on_hand"] for r in t["atp"]} for t in (truth, told)]
    gone = {key: units - on_hand[1][key] for key, units in on_hand[0].items()}
    assert {key: units for key, units in gone.items() if units} == {
        (row["node_code"], row["sku"]): row["qty"] for row in told["phantom_stock"]
    }
    estate = Estate.open(estate.home)
    estate.advance()
    wrong = """
        select 1 from stock join movements using (bin_id, item_id, lot_code)
        group by bin_id, item_id, lot_code having stock.qty <> sum(movements.qty)
    """
    assert ask(estate, "wms", wrong) == [], "the WMS goes on believing in its own movements"
    estate.clear()
    phantoms = "select bin, sku, lot_code, qty from net_stock where node <> 'ATL' order by 1, 2, 3"
    held = "select bin_id, erp_products.sku, lot_code, qty from wms_stock"
    held += " join wms_items using (item_id) join erp_product_packs on gtin14 = wms_items.gtin14"
    held = held.replace("erp_products.sku", "erp_product_packs.sku").replace(
        "gtin14 = wms_items.gtin14", "erp_product_packs.gtin14 = wms_items.gtin14"
    )
    assert sorted(ask(estate, "truth", held)) == ask(estate, "truth", phantoms)


def test_all_faults_go_together_in_any_order_and_clear(make: Make) -> None:
    size = {"orders": 400, "days": 6, "products": 80}
    one, two = make("one", **size), make("two", **size)
    names = sorted(set(FAULTS) - {"stale_wms"})
    for name in names:
        one.inject(name)
    for name in reversed(names):
        two.inject(name)
    assert set(one.active_faults) == set(two.active_faults) == set(names)
    for estate in (one, two):
        estate.advance()
        estate = Estate.open(estate.home)
        estate.clear()
        assert estate.active_faults == () and estate.truth()["phantom_stock"] == []
        estate.advance()
