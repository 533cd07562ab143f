"""The ERP's stock book says how each figure came about: by postings, nearly all with a document."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from estate import Estate

Make = Callable[..., Estate]
APART = """
    select warehouse_code, sku, on_hand_qty, sum(qty) from stock
    left join stock_postings using (warehouse_code, sku)
    group by 1, 2, 3 having on_hand_qty <> coalesce(sum(qty), 0)
"""


def ask(estate: Estate, system: str, query: str, *values: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(estate.home / f"{system}.sqlite")) as database:
        return database.execute(query, values).fetchall()


def skus(estate: Estate) -> dict[int, str]:
    """The ERP's article numbers by the WMS's."""
    known = {row["gtin14"]: row["sku"] for row in estate.truth()["products"]}
    return {
        item: known[gtin] for item, gtin in ask(estate, "wms", "select item_id, gtin14 from items")
    }


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    """Twenty days with few orders; not to be changed."""
    return Estate.create(tmp_path_factory.mktemp("weeks"), orders=40, days=20, products=150)


def test_stock_is_the_sum_of_its_postings_on_every_day_and_after_opening(make: Make) -> None:
    estate = make(days=1, orders=30)
    for _ in range(5):
        assert ask(estate, "erp", APART) == []
        estate = Estate.open(estate.home)
        estate.advance()
    assert ask(estate, "erp", APART) == []


def test_a_night_posts_what_the_wms_recorded_until_yesterdays_close(estate: Estate) -> None:
    posted = ask(
        estate,
        "erp",
        """select warehouse_code, sku, doc_type, doc_no, sum(qty) from stock_postings
           where warehouse_code <> 'ATL' and doc_no is not null group by 1, 2, 3, 4""",
    )
    items = skus(estate)
    recorded = ask(
        estate,
        "wms",
        """select facility_code, item_id, doc_type, doc_no, sum(qty) from movements
           where doc_no is not null and occurred_at < ? group by 1, 2, 3, 4""",
        f"{estate.now:%Y-%m-%d}",
    )
    assert {tuple(row) for row in posted} == {
        (node, items[item], kind, number, qty) for node, item, kind, number, qty in recorded
    }
    assert {row[2] for row in posted} == {"shipment", "purchase_order", "count"}


def test_the_erp_differs_from_the_nodes_by_what_is_in_flight_and_by_hand(estate: Estate) -> None:
    today = f"{estate.now:%Y-%m-%d}"
    truth = estate.truth()
    items = skus(estate)
    expected = {(r["node_code"], r["sku"]): r["on_hand"] for r in truth["atp"]}
    for node, item, qty in ask(
        estate,
        "wms",
        "select facility_code, item_id, qty from movements where occurred_at >= ?",
        today,
    ):
        expected[node, items[item]] -= qty
    for row in truth["discrepancies"]:
        assert (row["fault"], row["system"], row["class"]) == (None, "erp", "unexplained")
        expected[row["node_code"], row["sku"]] += row["qty"]
    believed = ask(estate, "erp", "select warehouse_code, sku, on_hand_qty from stock")
    own = {(node, sku): qty for node, sku, qty in believed if node != "ATL"}
    assert own == {key: qty for key, qty in expected.items() if key[0] != "ATL"}


def test_the_3pls_receipts_shipments_and_counts_are_posted_as_well(weeks: Estate) -> None:
    query = "select distinct doc_type from stock_postings where warehouse_code = 'ATL'"
    kinds = {row[0] for row in ask(weeks, "erp", query)}
    assert kinds >= {"opening", "purchase_order", "shipment", "count"}


def test_corrections_by_hand_stay_few_and_are_in_the_truth(weeks: Estate) -> None:
    rows = weeks.truth()["discrepancies"]
    by_hand = ask(
        weeks,
        "erp",
        """select warehouse_code, sku, sum(qty) from stock_postings where doc_type is null
           group by 1, 2 having sum(qty) <> 0""",
    )
    assert {(r["node_code"], r["sku"], r["qty"]) for r in rows} == set(by_hand)
    figures = len(ask(weeks, "erp", "select 1 from stock"))
    assert 0.005 < len(rows) / figures < 0.04


def test_postings_are_dated_in_the_order_of_their_numbers(estate: Estate) -> None:
    rows = ask(estate, "erp", "select posted_at from stock_postings order by posting_id")
    assert rows == sorted(rows)
    last = f"{estate.now - timedelta(hours=21, minutes=30):%Y-%m-%d %H:%M:%S}"
    assert rows[-1][0].startswith(last)
