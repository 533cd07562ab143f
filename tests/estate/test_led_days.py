"""The days of a led network: who decides when nobody asks, and what a crash leaves behind."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from estate import Estate, EstateError

Make = Callable[..., Estate]


def test_the_own_policy_takes_what_nobody_asked_for_once_patience_is_over(make: Make) -> None:
    estate = make()
    estate.lead(patience=3)
    estate.advance(5)
    truth = estate.truth()
    placed = {r["order_no"]: r["placed_at"].date() for r in truth["orders"]}
    led_from = estate.now - timedelta(days=5)
    fresh = [r for r in truth["shipments"] if r["released_at"] > led_from]
    waits = Counter((r["released_at"].date() - placed[r["order_no"]]).days for r in fresh)
    assert min(waits) == 3 and waits[3] > 10
    asked_by = {r["shipment_no"]: r["asked_by"] for r in truth["releases"]}
    assert {asked_by[r["shipment_no"]] for r in fresh} == {"fallback"}


def test_a_hub_is_asked_first_also_where_patience_is_over(make: Make, hub_of: Any) -> None:
    estate = make()
    estate.lead(patience=0)
    with hub_of(estate) as hub:
        cases = list(hub.fitting())
        for case in cases:
            hub.release(*case)
        estate.advance()
        told = [hub.told(case[0])["status"] for case in cases]
    assert told.count("released") > 20 and "fallback" in {
        r["asked_by"] for r in estate.truth()["releases"]
    }


def test_without_patience_what_nobody_asks_for_stays_open(make: Make) -> None:
    estate = make(led=True, patience=None)
    before = {r["shipment_no"] for r in estate.truth()["shipments"]}
    estate.advance(4)
    assert {r["shipment_no"] for r in estate.truth()["shipments"]} == before


def test_patience_and_being_led_outlast_an_opening_and_can_be_ended(make: Make) -> None:
    estate = make(led=True, patience=5)
    again = Estate.open(estate.home)
    assert again.is_led and again.patience == 5
    again.lead(on=False)
    assert not Estate.open(estate.home).is_led
    with pytest.raises(EstateError, match="0 days or more"):
        again.lead(patience=-1)


def test_a_network_led_in_vain_decides_as_ever_once_it_is_not(make: Make) -> None:
    led, plain = make("led"), make("plain")
    led.lead()
    led.lead(on=False)
    for estate in (led, plain):
        estate.advance(2)
    for table, rows in plain.truth().items():
        assert led.truth()[table] == rows, table


def everything(estate: Estate) -> dict[str, Any]:
    """The truth, what the databases show, and the files."""
    seen: dict[str, Any] = {"truth": estate.truth()}
    for name in ("erp.sqlite", "wms.sqlite", "shop.sqlite"):
        with closing(sqlite3.connect(estate.home / name)) as database:
            seen[name] = sorted(database.iterdump())
    seen["files"] = {p.name: p.read_bytes() for p in estate.drop_folder.rglob("*.edi")}
    return seen


def test_a_led_day_that_was_cut_short_is_played_again_alike_whatever_came_meanwhile(
    make: Make, tmp_path: Path, hub_of: Any
) -> None:
    estate = make(led=True, patience=None)
    with hub_of(estate) as hub:
        cases = list(hub.fitting())
        for case in cases[::2]:
            hub.release(*case)
        for order_no, _, lines in list(hub.fitting(("ATL",)))[1::2]:
            hub.order(order_no, f"XT-{order_no}", lines)
        sent = hub.send()
    before = tmp_path / "before.sqlite"
    shutil.copy(estate.home / "truth.sqlite", before)
    estate.advance()
    expected = everything(estate)
    assert {r["channel"] for r in estate.truth()["requests"]} == {"wms", "x12"}

    # The truth is written last: this is a crash just before it.
    shutil.copy(before, estate.home / "truth.sqlite")
    again = Estate.open(estate.home)
    sent.unlink()
    with hub_of(again) as other:
        for case in cases[1::2]:
            assert other.release(*case).status_code in {201, 409}
        late = other.open_lines()
        order_no = next(reversed(late))
        other.order(order_no, "XT-late", late[order_no])
        other.files = 8
        came = other.send()
        content = came.read_text()
        again.advance()
        came.unlink()
        sent.write_text("")
        seen = everything(again)
        seen["files"].pop(sent.name), expected["files"].pop(sent.name)
        assert seen == expected
        sent.unlink()
        came.write_text(content)
        again.advance()
        assert {other.told(case[0])["status"] for case in cases[1::2]} - {"accepted"}
        assert "XT-late" in {r["shipment_no"] for r in again.truth()["requests"]}


def test_an_estate_that_is_open_carries_out_what_another_process_was_asked(
    make: Make, hub_of: Any
) -> None:
    estate = make(led=True)
    with hub_of(Estate.open(estate.home)) as hub:
        case = next(hub.fitting())
        assert hub.release(*case).status_code == 201
        estate.advance()
        assert hub.told(case[0])["status"] == "released"


def test_an_estate_of_an_earlier_version_can_be_led(make: Make, hub_of: Any) -> None:
    estate = make()
    with closing(sqlite3.connect(estate.home / "truth.sqlite")) as truth, truth:
        truth.execute("drop table net_requests")
        truth.execute("drop table net_releases")
        truth.execute("delete from net_meta where name in ('led', 'patience')")
    again = Estate.open(estate.home)
    assert not again.is_led
    again.lead()
    with hub_of(again) as hub:
        assert hub.release(*next(hub.fitting())).status_code == 201
        again.advance()
