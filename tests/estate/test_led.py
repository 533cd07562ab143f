"""A network that is led: it does what it was asked, once, and helps itself where nobody asks."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from estate import Estate

Make = Callable[..., Estate]


@pytest.fixture
def hub(make: Make, hub_of: Any) -> Iterator[Any]:
    """A hub that alone decides."""
    estate = make()
    estate.lead(patience=None)
    with hub_of(estate) as hub:
        yield hub


def row(estate: Estate, table: str, **key: Any) -> Any:
    """The one row of a truth table."""
    (found,) = (r for r in estate.truth()[table] if all(r[n] == v for n, v in key.items()))
    return found


def line_of(estate: Estate, order_no: str) -> Any:
    return row(estate, "order_lines", order_no=order_no, line_no=1)


def placed_before_today(hub: Any) -> Any:
    """A case that no customer takes back any more: those of yesterday are as they are."""
    hub.estate.advance()
    today = hub.estate.now.date()
    old = {r["order_no"] for r in hub.estate.truth()["orders"] if r["placed_at"].date() < today}
    return [case for case in hub.fitting() if case[0] in old]


def test_a_shipment_is_released_as_asked_and_every_system_follows(hub: Any) -> None:
    order_no, node, lines = placed_before_today(hub)[0]
    asked = {"carrier": "FedEx", "service": "FEDEX_2_DAY"}
    assert hub.release(order_no, node, lines, "XD1", **asked).status_code == 201
    assert hub.told("XD1")["status"] == "accepted"
    hub.estate.advance()
    shipment = row(hub.estate, "shipments", shipment_no="XD-XD1")
    assert (shipment["order_no"], shipment["node_code"]) == (order_no, node)
    assert (shipment["carrier"], shipment["service"]) == ("FedEx", "FEDEX_2_DAY")
    with closing(sqlite3.connect(hub.estate.home / "wms.sqlite")) as wms:
        query = "select order_line_no, qty_ordered from shipment_lines where shipment_no = 'XD-XD1'"
        assert wms.execute(query).fetchall() == [(n, units) for n, _, units in lines]
    with closing(sqlite3.connect(hub.estate.home / "erp.sqlite")) as erp:
        query = "select status from sales_orders where order_no = ?"
        assert erp.execute(query, (order_no,)).fetchone() == ("in_fulfilment",)
    for n, _, units in lines:
        line = row(hub.estate, "order_lines", order_no=order_no, line_no=n)
        assert line["allocated_qty"] == units
    hub.estate.advance(4)
    told = hub.told("XD1")
    shipped = {r["status"]: r for r in [row(hub.estate, "shipments", shipment_no="XD-XD1")]}
    assert told["status"] in {*shipped, "short"}
    assert [n["line_no"] for n in told["lines"]] == [n for n, *_ in lines]


def test_a_part_of_a_line_may_be_asked_for_and_the_rest_later(hub: Any) -> None:
    order_no, node, lines = next(c for c in placed_before_today(hub) if c[2][0][2] > 1)
    ((line_no, sku, units), *_) = lines
    hub.release(order_no, node, [(line_no, sku, 1)], "first")
    hub.estate.advance()
    line = row(hub.estate, "order_lines", order_no=order_no, line_no=line_no)
    assert (line["allocated_qty"], line["open_qty"]) == (1, units - 1)
    assert hub.release(order_no, node, [(line_no, sku, units - 1)], "rest").status_code == 201
    hub.estate.advance()
    assert hub.told("rest")["status"] != "rejected"


def test_who_asked_for_what_and_why_it_was_refused_stands_in_the_truth(hub: Any) -> None:
    first, second, *_ = placed_before_today(hub)
    hub.release(*first)
    hub.release(*second, "mars", node_code="MARS")
    hub.estate.advance()
    truth = hub.estate.truth()
    asked_by = {r["shipment_no"]: (r["asked_by"], r["key"]) for r in truth["releases"]}
    assert asked_by[f"XD-{first[0]}"] == ("hub", first[0])
    assert {by for number, (by, _) in asked_by.items() if number[:3] == "SH-"} == {"network"}
    refused = row(hub.estate, "requests", key="mars")
    assert (refused["status"], refused["reason"]) == ("rejected", "unknown_node")


def test_a_request_that_its_customer_forestalled_is_refused_late_and_changes_nothing(
    make: Make, hub_of: Any
) -> None:
    estate = make(orders=300, led=True, patience=None)
    with hub_of(estate) as hub:
        cases = {case[0]: case for case in hub.fitting()}
        for case in cases.values():
            assert hub.release(*case).status_code == 201
        estate.advance()
        told = {key: hub.told(key) for key in cases}
        late = [key for key, answer in told.items() if answer["status"] == "rejected"]
        assert late, "nobody took anything back: choose another seed"
        numbers = {r["shipment_no"] for r in estate.truth()["shipments"]}
        for key in late:
            assert told[key]["reason"] in {"line_not_open", "quantity_above_open"}
            assert f"XD-{key}" not in numbers
        assert {f"XD-{key}" for key in cases if key not in late} <= numbers
        assert hub.release(*cases[late[0]]).json()["status"] == "accepted", "its answer stays"


def test_a_cancelled_request_is_not_carried_out_and_its_line_is_open_again(hub: Any) -> None:
    order_no, node, lines = placed_before_today(hub)[0]
    hub.release(order_no, node, lines, "a")
    answer = hub.cancel("XD-a")
    assert (answer.status_code, answer.json()["shipment_no"]) == (201, "XD-a")
    assert hub.cancel("XD-a", "again").json()["reason"] == "already_cancelled"
    assert hub.release(order_no, node, lines, "b").status_code == 201, "open again at once"
    hub.estate.advance()
    assert [hub.told(key)["status"] for key in ("a", "cancel-XD-a", "b")] == [
        "cancelled", "cancelled", "released",
    ]  # fmt: skip
    numbers = {r["shipment_no"] for r in hub.estate.truth()["shipments"]}
    assert "XD-b" in numbers and "XD-a" not in numbers


def test_a_released_shipment_is_cancelled_before_the_floor_takes_it(hub: Any) -> None:
    order_no, node, lines = placed_before_today(hub)[0]
    hub.release(order_no, node, lines, "a")
    hub.estate.advance()
    assert hub.cancel("XD-a").status_code == 201
    assert hub.release(order_no, node, lines[:1], "b").status_code == 201, "open again at once"
    hub.estate.advance()
    shipment = row(hub.estate, "shipments", shipment_no="XD-a")
    assert (shipment["status"], shipment["shipped_at"]) == ("cancelled", None)
    assert hub.told("a")["status"] == "cancelled"
    line = line_of(hub.estate, order_no)
    assert line["allocated_qty"] == lines[0][2], "of the second alone"
    assert line["shipped_qty"] == 0


def test_what_is_on_the_floor_or_gone_is_not_cancelled(hub: Any) -> None:
    for case in placed_before_today(hub):
        hub.release(*case)
    reasons: Counter[str] = Counter()
    wanted = {"picking": "on_the_floor", "shipped": "already_shipped", "short": "already_shipped"}
    for _ in range(3):
        hub.estate.advance()
        for request in hub.estate.truth()["requests"]:
            status = hub.told(request["key"])["status"]
            if request["verb"] == "release_shipment" and status in wanted:
                tag = f"late-{request['key']}-{hub.estate.day}"
                answer = hub.cancel(request["shipment_no"], tag).json()
                assert answer["reason"] == wanted[status]
                reasons[answer["reason"]] += 1
    assert reasons.keys() == set(wanted.values())
    assert hub.cancel("XD-nobody").json()["reason"] == "unknown_shipment"
