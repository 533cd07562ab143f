"""What each order got and cost, by which policies are compared."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from estate import Estate


def test_the_led_network_of_these_tests_has_seen_everything(led: Estate) -> None:
    requests = led.truth()["requests"]
    assert {r["channel"] for r in requests} == {"wms", "x12"}
    assert {r["status"] for r in requests} == {"released", "rejected", "cancelled"}
    asked_by = Counter(r["asked_by"] for r in led.truth()["releases"])
    assert set(asked_by) == {"hub", "fallback", "network"} and asked_by["hub"] > 100


@pytest.mark.parametrize("foresee", [False, True])
def test_service_levels_tell_what_each_order_got_and_cost(led: Estate, foresee: bool) -> None:
    truth = led.truth()
    levels = {r["order_no"]: r for r in led.service_levels(foresee=foresee)}
    assert levels.keys() == {r["order_no"] for r in truth["orders"]}
    cost = sum((r["cost"] for r in truth["shipments"] if r["cost"]), Decimal(0))
    assert sum((r["freight_cost"] for r in levels.values()), Decimal(0)) == cost > 0
    for name in ("ordered", "shipped", "cancelled"):
        told = sum(r[f"units_{name}"] for r in levels.values())
        assert told == sum(r[f"{name}_qty"] for r in truth["order_lines"])
    arrived: dict[str, list[Any]] = {}
    orders = {r["shipment_no"]: r["order_no"] for r in truth["shipments"]}
    for parcel in truth["packages"]:
        arrived.setdefault(orders[parcel["shipment_no"]], []).append(parcel["delivered_at"])
    is_open = {r["order_no"] for r in truth["order_lines"] if r["open_qty"] or r["allocated_qty"]}
    for order_no, level in levels.items():
        at = arrived.get(order_no, [])
        if not foresee:
            whole = at and None not in at and order_no not in is_open
            assert level["delivered_at"] == (max(at) if whole else None)
        elif at and order_no not in is_open and level["delivered_at"] is not None:
            assert level["delivered_at"] >= max(t or level["delivered_at"] for t in at)
    late = [r for r in levels.values() if r["delivered_at"] and r["delivered_at"] > led.now]
    assert bool(late) == foresee
