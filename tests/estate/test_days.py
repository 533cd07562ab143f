"""The same seed plays the same days, however they are cut."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from estate import Estate, EstateError

Make = Callable[..., Estate]


def content(estate: Estate) -> dict[str, Any]:
    """All that a tap could see, and the truth."""
    seen: dict[str, Any] = {"truth": estate.truth(), "now": estate.now}
    for name in ("erp.sqlite", "wms.sqlite", "shop.sqlite"):
        with closing(sqlite3.connect(estate.home / name)) as database:
            for (table,) in database.execute("select name from sqlite_master where type = 'table'"):
                rows = database.execute(f'select * from "{table}"')
                seen[f"{name} {table}"] = sorted(map(repr, rows))
    folder = estate.drop_folder
    seen["files"] = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.edi")}
    return seen


def test_the_same_seed_gives_the_same_world(make: Make) -> None:
    assert content(make("one")) == content(make("two"))


def test_another_seed_gives_another_world(make: Make) -> None:
    assert make("one").truth() != make("two", seed=8).truth()


def test_days_added_after_opening_equal_days_simulated_at_once(make: Make) -> None:
    at_once = make("at once", orders=150, days=5)
    step_by_step = make("step by step")
    step_by_step.advance()
    step_by_step = Estate.open(step_by_step.home)
    step_by_step.advance()
    assert content(step_by_step) == content(at_once)


def test_a_day_that_was_cut_short_is_played_again_alike(make: Make, tmp_path: Path) -> None:
    estate = make()
    before = tmp_path / "before.sqlite"
    shutil.copy(estate.home / "truth.sqlite", before)
    estate.advance()
    expected = content(estate)
    # The truth is written last: this is a crash just before it.
    shutil.copy(before, estate.home / "truth.sqlite")
    again = Estate.open(estate.home)
    assert again.day == estate.day - 1
    again.advance()
    assert content(again) == expected


def test_a_day_closes_at_ten_in_the_evening_utc(make: Make) -> None:
    estate = make()
    assert (estate.day, estate.now.isoformat()) == (3, "2026-03-04T22:00:00+00:00")


def test_nothing_is_dated_after_the_close(estate: Estate) -> None:
    for name, rows in estate.truth().items():
        for row in rows:
            for column, value in row.items():
                if isinstance(value, datetime) and column != "promised_by":
                    assert value <= estate.now, (name, row)


def test_an_estate_is_not_made_over_another(make: Make) -> None:
    estate = make()
    with pytest.raises(EstateError, match="holds an estate already"):
        Estate.create(estate.home)


def test_opening_where_there_is_none_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(EstateError, match="estate create --home"):
        Estate.open(tmp_path)


def test_a_creation_that_was_cut_short_can_be_done_again(make: Make) -> None:
    expected = content(make("whole"))
    estate = make("cut", seed=8)
    # The settings are written last: without them the rest is what a crash leaves behind.
    (estate.home / "estate.json").unlink()
    assert content(make("cut")) == expected


def test_a_database_that_is_not_an_estates_is_left_alone(make: Make, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.sqlite"
    with closing(sqlite3.connect(theirs)) as database:
        database.execute("create table products (sku text)")
    with pytest.raises(EstateError, match="ERP has tables products"):
        make(erp_url=f"sqlite:///{theirs}")


@pytest.mark.parametrize(
    "size", [{"orders": 1, "days": 1, "products": 1}, {"orders": 2, "days": 5}]
)
def test_a_world_may_be_tiny(make: Make, size: dict[str, int]) -> None:
    estate = make(**size)
    estate.advance(2)
    assert len(estate.truth()["orders"]) >= 1


def test_a_world_without_orders_is_refused(make: Make) -> None:
    with pytest.raises(EstateError, match="orders of 1 or more, not 0"):
        make(orders=0)
