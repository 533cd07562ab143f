"""A fault bends what a source shows; the truth stays, and clearing shows it again."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from estate import Estate, EstateError

Make = Callable[..., Estate]
WRONG_BINS = """
    select stock.bin_id, stock.item_id, stock.lot_code, stock.qty, sum(movements.qty)
    from stock join movements using (bin_id, item_id, lot_code)
    group by 1, 2, 3, 4 having stock.qty <> sum(movements.qty)
"""


def ask(estate: Estate, system: str, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(estate.home / f"{system}.sqlite")) as database:
        return database.execute(query).fetchall()


def shown(estate: Estate, *, with_marks: bool = False) -> dict[str, list[str]]:
    """Every row of ERP, WMS and shop, by table."""
    found = {}
    for system in ("erp", "wms", "shop"):
        for (table,) in ask(estate, system, "select name from sqlite_master where type = 'table'"):
            columns = [row[1] for row in ask(estate, system, f'pragma table_info("{table}")')]
            wanted = [c for c in columns if with_marks or c != "updated_at"]
            query = f'select {", ".join(wanted)} from "{table}"'
            found[f"{system}.{table}"] = sorted(map(repr, ask(estate, system, query)))
    return found


@pytest.mark.parametrize("fault", ["case_flip", "negative_on_hand", "text_in_number", "orphan_sku"])
def test_a_fault_shows_itself_and_clearing_shows_the_truth_again(make: Make, fault: str) -> None:
    estate = make()
    truth, before = estate.truth(), shown(estate)
    mark = f"{estate.now:%Y-%m-%d %H:%M:%S}"
    estate.inject(fault)
    told = estate.truth()
    wrong = [row for row in told["discrepancies"] if row["fault"] == fault]
    assert bool(wrong) == (fault in {"case_flip", "negative_on_hand"})
    told["discrepancies"] = [row for row in told["discrepancies"] if row not in wrong]
    assert told == truth
    bent = {name for name, rows in shown(estate).items() if rows != before[name]}
    assert len(bent) == 1
    estate.clear()
    assert shown(estate) == before
    assert estate.truth() == truth
    system, table = bent.pop().split(".")
    query = f'select count(*) from "{table}" where updated_at > ?'
    with closing(sqlite3.connect(estate.home / f"{system}.sqlite")) as database:
        assert database.execute(query, (mark,)).fetchone()[0], "an increment would miss the mending"


@pytest.mark.parametrize("fault", ["case_flip", "negative_on_hand", "text_in_number", "orphan_sku"])
def test_days_with_a_fault_leave_no_trace_once_it_is_cleared(make: Make, fault: str) -> None:
    estate, untouched = make("bent"), make("untouched")
    estate.inject(fault)
    estate.advance()
    estate = Estate.open(estate.home)
    estate.clear()
    untouched.advance()
    assert shown(estate) == shown(untouched)
    assert estate.truth() == untouched.truth()


def test_a_case_flip_breaks_the_sum_of_movements_of_some_articles(make: Make) -> None:
    estate = make()
    assert ask(estate, "wms", WRONG_BINS) == []
    estate.inject("case_flip")
    wrong = ask(estate, "wms", WRONG_BINS)
    assert len({row[1] for row in wrong}) == 20
    assert all(1.9 < moved / qty < 24.1 for *_, qty, moved in wrong)
    estate.advance()
    assert ask(estate, "wms", WRONG_BINS), "the upgrade is still wrong the day after"


def test_a_negative_bin_has_no_movement_that_explains_it(make: Make) -> None:
    estate = make()
    estate.inject("negative_on_hand")
    assert [row[3] for row in ask(estate, "wms", WRONG_BINS)] == [-3]


def test_text_stands_in_a_numeric_column(make: Make) -> None:
    estate = make()
    estate.inject("text_in_number")
    query = "select unit_cost from products where typeof(unit_cost) = 'text'"
    assert ask(estate, "erp", query) == [("See ASN-93 (ID#:1281)",)]


def test_an_open_line_names_an_article_that_nobody_knows(make: Make) -> None:
    estate = make()
    estate.inject("orphan_sku")
    query = """
        select sku, status from sales_order_lines where sku not in (select sku from products)
    """
    assert ask(estate, "erp", query) == [("ZZ-99999", "open")]


def test_a_silent_wms_catches_up_when_it_speaks_again(make: Make) -> None:
    estate, untouched = make("silent"), make("untouched")
    estate.inject("stale_wms")
    before = shown(estate, with_marks=True)
    estate.advance(2)
    after = shown(estate, with_marks=True)
    assert {name for name in before if before[name] == after[name]} >= {
        name for name in before if name.startswith("wms.")
    }
    assert before["erp.sales_orders"] != after["erp.sales_orders"]
    Estate.open(estate.home).clear()
    untouched.advance(2)
    assert shown(estate, with_marks=True) == shown(untouched, with_marks=True)


def test_a_fault_survives_opening(make: Make) -> None:
    estate = make()
    estate.inject("case_flip")
    assert Estate.open(estate.home).active_faults == ("case_flip",)


def test_an_unknown_fault_names_those_that_there_are(make: Make) -> None:
    with pytest.raises(EstateError, match=r"no fault 'rain'.*case_flip.*stale_wms"):
        make().inject("rain")
