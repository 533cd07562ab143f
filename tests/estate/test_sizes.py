"""Sizes by name, and the hand-overs that a large network's WMS writes."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from estate import Estate, EstateError
from estate.schema import TRUTH
from estate.sizes import SIZES
from estate.store import engine_for, upsert

Make = Callable[..., Estate]


def ask(estate: Estate, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(estate.home / "wms.sqlite")) as database:
        return database.execute(query).fetchall()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """A large network's habits with few orders."""
    home = tmp_path_factory.mktemp("large")
    yield Estate.create(home, size="large", orders=200, days=5, products=40)


def test_what_is_not_given_is_as_the_size_has_it(make: Make) -> None:
    usual = SIZES["small"]
    estate = Estate.create(make().home.parent / "usual", orders=3, days=1)
    assert len(estate.truth()["products"]) == usual.products


def test_an_unknown_size_names_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(EstateError, match=r"no size 'huge'\. There are: small, medium, large"):
        Estate.create(tmp_path, size="huge")


def test_handovers_follow_each_shipped_unit_and_leave_every_station_empty(large: Estate) -> None:
    query = """
        select shipment_no, sum(picks.qty), (
            select -sum(qty) from movements
            where movement_type = 'ship' and doc_no = picks.shipment_no
        ) from picks group by 1
    """
    rows = ask(large, query)
    assert len(rows) > 50 and all(picked == shipped for _, picked, shipped in rows)
    wrong = """
        select bin_id from movements left join stock using (bin_id, item_id, lot_code)
        group by bin_id, item_id, lot_code having max(stock.qty) is not sum(movements.qty)
    """
    assert ask(large, wrong) == []
    stations = "select sum(qty) from stock join bins using (bin_id) where bin_type = ?".replace
    assert [ask(large, stations("?", f"'{kind}'")) for kind in ("stage", "dock")] == [[(0,)]] * 2
    outward = ask(large, "select count(*) from movements where movement_type = 'ship'")[0][0]
    total = ask(large, "select count(*) from movements")[0][0]
    assert total > 7 * outward, "from bin to cart, to packing, to the dock, each with two sides"


def test_handovers_change_nothing_of_what_is_true(large: Estate, tmp_path: Path) -> None:
    plain = Estate.create(tmp_path, orders=200, days=5, products=40)
    assert plain.truth() == large.truth()


def test_a_large_network_goes_on_after_opening_as_if_it_had_not_been_closed(tmp_path: Path) -> None:
    size = {"size": "large", "orders": 60, "products": 20}
    one = Estate.create(tmp_path / "one", **size, days=3)  # type: ignore[arg-type]
    Estate.open(one.home).advance()
    two = Estate.create(tmp_path / "two", **{**size, "orders": 80}, days=4)  # type: ignore[arg-type]
    query = "select * from movements order by movement_id"
    assert ask(one, query) == ask(two, query)


def test_rows_are_stored_to_the_letter_as_sqlalchemy_stores_them(tmp_path: Path) -> None:
    table = TRUTH["wms.lots"].metadata.tables["erp_freight_rates"]
    row = {
        "carrier": "UPS", "service": "Ground", "orig_zone": "US-4", "dest_zone": "US-9",
        "break_g": 5000, "valid_from": date(2026, 1, 1), "base": Decimal("6.2000"),
        "per_kg": Decimal("0.6400"), "fuel_pct": Decimal("11.5000"), "transit_days": 3,
        "currency": "USD", "updated_at": datetime(2026, 3, 1, 4, 5, 6),  # noqa: DTZ001 - as kept
    }  # fmt: skip
    texts = {}
    for name in ("theirs", "ours"):
        engine = engine_for(f"sqlite:///{tmp_path / name}")
        table.create(engine)
        with engine.begin() as connection:
            if name == "ours":
                upsert(connection, table, [row])
            else:
                connection.execute(sqlite.insert(table), [row])
            read = connection.exec_driver_sql("select *, typeof(base) from erp_freight_rates")
            texts[name] = list(map(tuple, read))
        engine.dispose()
    assert texts["ours"] == texts["theirs"]
