"""Codes on the wrong article, one article under two numbers, and swings of demand."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from estate import Estate
from estate.geography import DESTINATIONS

Make = Callable[..., Estate]


def ask(estate: Estate, system: str, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(estate.home / f"{system}.sqlite")) as database:
        return database.execute(query).fetchall()


def test_two_items_carry_each_others_gtin_and_stay_what_they_are(make: Make) -> None:
    estate = make(wild=True, products=60)
    truth = estate.truth()
    before = dict(ask(estate, "wms", "select item_id, gtin14 from items"))
    estate.inject("gtins_swapped")
    after = dict(ask(estate, "wms", "select item_id, gtin14 from items"))
    one, two = (item for item in before if before[item] != after[item])
    assert (after[one], after[two]) == (before[two], before[one]) and before[one] and before[two]
    assert estate.truth() == truth
    Estate.open(estate.home).clear()
    assert dict(ask(estate, "wms", "select item_id, gtin14 from items")) == before


def test_a_listing_carries_the_gtin_of_an_article_being_discontinued(make: Make) -> None:
    estate = make(products=60)
    truth = estate.truth()
    before = dict(ask(estate, "shop", "select listing_id, barcode from listings"))
    estate.inject("gtin_reused")
    after = dict(ask(estate, "shop", "select listing_id, barcode from listings"))
    ((listing, barcode),) = after.items() - before.items()
    ((sku, lifecycle),) = ask(
        estate,
        "erp",
        f"select sku, lifecycle from products where gtin13 = '{barcode}'",
    )
    meant = {row["source_key"]: row["sku"] for row in truth["articles"] if row["system"] == "shop"}
    assert lifecycle == "phase_out" and meant[str(listing)] != sku
    assert estate.truth() == truth
    Estate.open(estate.home).clear()
    assert dict(ask(estate, "shop", "select listing_id, barcode from listings")) == before


def test_an_article_under_two_numbers_is_one_in_the_truth(make: Make) -> None:
    estate, untouched = make("doubled", orders=900), make("untouched", orders=900)
    estate.inject("article_doubled")
    told, truth = estate.truth(), untouched.truth()
    (double,) = (row for row in told["articles"] if row["system"] == "erp")
    same = "select name, gtin13, unit_cost from products where sku = '{}'"
    assert ask(estate, "erp", same.format(double["source_key"])) == ask(
        estate, "erp", same.format(double["sku"])
    )
    lines = f"select count(*) from sales_order_lines where sku = '{double['source_key']}'"
    today = ask(estate, "erp", lines)[0][0]
    assert today > 0
    told["articles"].remove(double)
    assert told == truth
    for network in (estate, untouched):
        network.advance(3)
    estate = Estate.open(estate.home)
    assert ask(estate, "erp", lines)[0][0] > today
    estate.clear()
    assert ask(estate, "erp", lines) == [(0,)] and estate.truth() == untouched.truth()
    bought = "select order_no, line_no, sku, ordered_qty, status from sales_order_lines"
    assert sorted(ask(estate, "erp", bought)) == sorted(ask(untouched, "erp", bought))


def by_region(estate: Estate) -> Counter[str]:
    rows = estate.truth()["orders"]
    return Counter(r["ship_postal"][0] for r in rows if r["placed_at"].date() == estate.now.date())


@pytest.mark.parametrize("others", [(), ("demand_collapse",)])
def test_a_surge_is_one_regions_and_ends_when_it_is_cleared(
    make: Make, others: tuple[str, ...]
) -> None:
    estate = make(orders=900)
    for fault in ("demand_surge", *others):
        estate.inject(fault)
    estate.advance()
    placed = by_region(estate)
    region = DESTINATIONS[7]
    rest = sum(placed.values()) - placed[region]
    assert placed[region] > 400 and (rest < 20 if others else 200 < rest < 300)
    estate = Estate.open(estate.home)
    estate.clear()
    estate.advance()
    assert sum(by_region(estate).values()) == 300


def test_demand_collapses_to_one_order_in_twenty(make: Make) -> None:
    estate = make(orders=900)
    estate.inject("demand_collapse")
    estate.advance()
    assert sum(by_region(estate).values()) == 15
