"""The shop lists every article in words of its own and sells what the ERP lets it."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from estate import Estate, EstateError

Make = Callable[..., Estate]


def ask(estate: Estate, system: str, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(estate.home / f"{system}.sqlite")) as database:
        return database.execute(query).fetchall()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    """A day with many articles; not to be changed."""
    home = tmp_path_factory.mktemp("large")
    return Estate.create(home, orders=1, days=1, products=600, wild=True)


def bare(code: str) -> str:
    """An article number without what people add to it."""
    return re.sub(r"[^A-Z0-9]", "", code.upper().removeprefix("SKU:"))


def test_most_listings_bear_the_erps_number_some_otherwise_written_some_another(
    large: Estate,
) -> None:
    skus = {row[0] for row in ask(large, "erp", "select sku from products")}
    codes = [row[0] for row in ask(large, "shop", "select sku from listings")]
    assert len(codes) == len(set(codes)) == len(skus)
    own = [code for code in codes if code.startswith("SHOP-")]
    alike = [code for code in codes if code in skus]
    other = [code for code in codes if code not in skus and not code.startswith("SHOP-")]
    assert 0.62 < len(alike) / len(codes) < 0.78
    assert 0.06 < len(own) / len(codes) < 0.14
    assert {bare(code) for code in other} <= {bare(sku) for sku in skus}
    seen = " ".join(other)
    assert all(trace in seen for trace in ("SKU:", "_", "\u200b")) and seen != seen.upper()


def test_four_in_five_listings_have_the_articles_barcode(large: Estate) -> None:
    gtins = {row[0] for row in ask(large, "erp", "select gtin13 from products")}
    codes = [row[0] for row in ask(large, "shop", "select barcode from listings")]
    given = [code for code in codes if code is not None]
    assert 0.74 < len(given) / len(codes) < 0.86
    digits = [re.sub(r"[ -]", "", code) for code in given]
    assert {code[-13:] for code in digits} <= gtins
    assert {len(code) for code in digits} == {13, 14}
    assert all(code[0] == "0" for code in digits if len(code) == 14)


def test_no_title_or_label_is_the_erps_name_but_all_tell_the_grams(large: Estate) -> None:
    names = {row[0] for row in ask(large, "erp", "select name from products")}
    weights = {re.findall(r"(\d+) g$", name)[0] for name in names}
    titles = [row[0] for row in ask(large, "shop", "select title from listings")]
    labels = [row[0] for row in ask(large, "wms", "select description from items")]
    assert not names & {*titles, *labels}
    for text in (*titles, *labels):
        assert re.findall(r"(\d+) ?g", text, re.IGNORECASE)[0] in weights, text
    assert all(label == label.upper() and len(label) <= 40 for label in labels)


def test_a_wild_estate_has_items_without_gtin_and_another_none(large: Estate, make: Make) -> None:
    query = "select avg(gtin14 is null) from items"
    assert 0.02 < ask(large, "wms", query)[0][0] < 0.07
    assert ask(make(), "wms", query) == [(0,)]
    again = Estate.open(large.home)
    assert again.truth()["products"] == large.truth()["products"]


def test_the_shop_may_sell_what_the_erp_has_less_its_safety_stock(estate: Estate) -> None:
    believed = {
        max(0, qty - safety)
        for qty, safety in ask(estate, "erp", "select on_hand_qty, safety_qty from stock")
    }
    levels = ask(estate, "shop", "select available, updated_at from inventory_levels")
    assert {level for level, _ in levels} <= believed
    assert {at for _, at in levels} == {f"{estate.now:%Y-%m-%d} 01:00:00.000000"}


def test_levels_are_what_the_erp_pushed_of_each_active_listing(make: Make) -> None:
    estate = make(products=80)
    Estate.open(estate.home).advance()
    with closing(sqlite3.connect(estate.home / "erp.sqlite")) as database:
        database.execute("attach ? as shop", [str(estate.home / "shop.sqlite")])
        # The rest of a code that is spelled alike is enough to say which article it is.
        query = """
            select s.warehouse_code, s.sku, max(0, on_hand_qty - safety_qty), available
            from listings l join stock s using (sku)
            left join inventory_levels i
              on i.listing_id = l.listing_id and i.location_code = s.warehouse_code
            where status = 'active'
        """
        rows = database.execute(query).fetchall()
    assert len(rows) > 100
    assert [row for row in rows if row[2] != row[3]] == []
    archived = (
        "select 1 from inventory_levels join listings using (listing_id) where status <> 'active'"
    )
    assert ask(estate, "shop", archived) == []
    assert ask(estate, "shop", "select distinct status from listings") == [
        ("active",),
        ("archived",),
    ]


def test_an_estate_from_before_the_shop_says_what_to_do(make: Make) -> None:
    estate = make()
    (estate.home / "estate.json").write_text('{"erp_url": "sqlite://", "wms_url": "sqlite://"}')
    with pytest.raises(EstateError, match=r"earlier version, without shop.*Remove the folder"):
        Estate.open(estate.home)
