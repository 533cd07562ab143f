"""A carrier whose late rate rises is stopped, once; one whose rate stays is left alone."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

import decisions
from decisions.cusum import raised_by, scores
from decisions.watch_carriers import Days, WatchPolicy, rise

TODAY = date(2026, 3, 20)
POLICY = WatchPolicy(usual_parcels=100)


def days(*late: int, due: int = 50) -> Days:
    """The last days before today with so many late; 4 of 50 on each of the sixty before."""
    watched = {TODAY - timedelta(days=n): (k, due) for n, k in enumerate(reversed(late), start=1)}
    before = {TODAY - timedelta(days=14 + n): (4, due) for n in range(1, 61)}
    return before | watched


def test_the_score_is_that_of_the_formula() -> None:
    found = list(scores([(4, 50), (10, 50)], Decimal("0.08"), Decimal("0.20")))
    # 10 ln(2.5) + 40 ln(0.8/0.92): the first day's falls below zero, which is where it stays.
    assert [round(float(score), 4) for score in found] == [0.0, 3.5724]
    assert raised_by(Decimal("0.08"), Decimal("2.875")) == Decimal("0.2")
    with pytest.raises(ValueError, match="cannot rise"):
        list(scores([], Decimal("0.2"), Decimal("0.1")))


def test_the_usual_rate_is_no_rise() -> None:
    found = rise(days(*[4] * 14), POLICY, TODAY)
    assert found.alarm is None
    assert found.score == 0


def test_a_rise_is_seen_within_days_and_keeps_its_day() -> None:
    found = rise(days(4, 4, 10, 10, 10), POLICY, TODAY)
    assert found.alarm == TODAY - timedelta(days=1)
    later = rise(days(4, 4, 10, 10, 10, 10, 10), POLICY, TODAY)
    assert later.alarm == TODAY - timedelta(days=3)


def test_too_little_history_says_nothing() -> None:
    found = rise({TODAY - timedelta(days=1): (50, 50)}, POLICY, TODAY)
    assert (found.usual, found.alarm, found.known_by) == (None, None, 0)


def tables(late: dict[date, tuple[int, int]]) -> dict[str, pa.Table]:
    """A shipment a parcel, two days of transit: due two days after it left."""
    shipments: list[dict[str, Any]] = []
    packages: list[dict[str, Any]] = []
    for day, (count, due) in late.items():
        left = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(days=2)
        for n in range(due):
            uid = f"{day}-{n}"
            came = left + timedelta(days=3 if n < count else 2)
            shipments.append(
                {"shipment_uid": uid, "order_uid": "o", "node_uid": "n", "service_uid": "s",
                 "shipped_at": left}
            )  # fmt: skip
            is_lost = n == 0 and count > 0
            packages.append(
                {"shipment_uid": uid, "carrier": "UPS", "delivered_at": None if is_lost else came}
            )
    rows: dict[str, list[dict[str, Any]]] = {
        "shipment": shipments, "package": packages,
        "sales_order": [{"order_uid": "o", "ship_to_zone": "US-4"}],
        "node": [{"node_uid": "n", "zone": "US-8"}],
        "lane_transit": [
            {"service_uid": "s", "orig_zone": "US-8", "dest_zone": "US-4", "days_published": 2}
        ],
    }  # fmt: skip
    return {
        name: pa.Table.from_pylist([{"is_deleted": False} | row for row in found])
        for name, found in rows.items()
    }


def run(late: dict[date, tuple[int, int]]) -> decisions.RunResult:
    return decisions.run(
        decisions.job("watch_carriers"), tables(late), release_id="r1",
        now=datetime(2026, 3, 20, 22, tzinfo=UTC), code_version="t", policy={"usual_parcels": 100},
    )  # fmt: skip


def test_a_carrier_that_rises_is_stopped_by_its_breaker_with_the_evidence() -> None:
    result = run(days(4, 4, 10, 10, 10))
    (made,) = result.decision.to_pylist()
    assert made["summary"] == ("stop: 38 of 250 parcels late in 14 days, usually 8.0%.")
    (action,) = result.action_outbox.to_pylist()
    assert (action["target_system"], action["verb"]) == ("breakers", "open_breaker")
    assert '"scope":"carrier:UPS"' in action["payload"]
    again = run(days(4, 4, 10, 10, 10))
    assert again.action_outbox["idempotency_key"] == result.action_outbox["idempotency_key"]


def test_a_carrier_as_usual_goes_on() -> None:
    result = run(days(*[4] * 10))
    assert result.decision["reason_codes"].to_pylist() == [["no_rise"]]
    assert result.action_outbox.num_rows == 0


def test_what_is_due_today_or_not_shipped_counts_as_nothing() -> None:
    late = days(4, 4, 4)
    late[TODAY] = (50, 50)
    assert run(late).decision["reason_codes"].to_pylist() == [["no_rise"]]
