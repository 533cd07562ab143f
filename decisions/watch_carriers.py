"""Watch each carrier's late parcels, and stop one whose late rate has gone up."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from decisions.cusum import raised_by, scores
from decisions.frame import Action, Decision, Job, Option, Outcome

READS: Mapping[str, tuple[str, ...]] = {
    "package": ("shipment_uid", "carrier", "delivered_at", "is_deleted"),
    "shipment": (
        "shipment_uid", "order_uid", "node_uid", "service_uid", "shipped_at", "is_deleted",
    ),
    "sales_order": ("order_uid", "ship_to_zone", "is_deleted"),
    "node": ("node_uid", "zone", "is_deleted"),
    "lane_transit": ("service_uid", "orig_zone", "dest_zone", "days_published", "is_deleted"),
}  # fmt: skip


class WatchPolicy(BaseModel):
    """What a carrier's usual late rate is taken from, and what counts as a rise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    watched_days: int = Field(default=14, ge=1, description="Days that are held against the usual.")
    usual_days: int = Field(
        default=60, ge=1, description="Days before those, from which the usual rate is taken."
    )
    usual_parcels: int = Field(
        default=300, ge=1, description="With fewer parcels due in them nothing is said."
    )
    odds_ratio: Decimal = Field(
        default=Decimal("2.875"), gt=1, description="The rise looked for: 8 to 20 % is 2.875."
    )
    threshold: Decimal = Field(
        default=Decimal("7.6"), gt=0, description="e to it: days to a false alarm, at least."
    )


def decide(
    tables: Mapping[str, pa.Table], policy: WatchPolicy, now: datetime, seed: int
) -> Outcome:
    """One decision a carrier."""
    counts = _counts(tables, now.date())
    return Outcome(
        tuple(
            _judge(carrier, rise(days, policy, now.date()), policy)
            for carrier, days in sorted(counts.items())
        )
    )


# How many of the parcels due on a day were late, and how many were due.
Days = dict[date, tuple[int, int]]


def _counts(tables: Mapping[str, pa.Table], today: date) -> dict[str, Days]:
    """By carrier and day: how many of the parcels due on it came later, and how many were due.

    Due is the day of shipping and the days that the rates publish for the lane. Today is not over.
    """
    zones = {row["node_uid"]: row["zone"] for row in _rows(tables["node"])}
    orders = {row["order_uid"]: row["ship_to_zone"] for row in _rows(tables["sales_order"])}
    transit = {
        (row["service_uid"], row["orig_zone"], row["dest_zone"]): row["days_published"]
        for row in _rows(tables["lane_transit"])
    }
    due: dict[str, date] = {}
    for row in _rows(tables["shipment"]):
        lane = (row["service_uid"], zones.get(row["node_uid"]), orders.get(row["order_uid"]))
        if row["shipped_at"] is not None and (days := transit.get(lane)) is not None:
            due[row["shipment_uid"]] = row["shipped_at"].date() + timedelta(days=int(days))
    found: dict[str, Days] = defaultdict(dict)
    for row in _rows(tables["package"]):
        day = due.get(row["shipment_uid"])
        if day is None or day >= today:
            continue
        is_late = row["delivered_at"] is None or row["delivered_at"].date() > day
        late, everything = found[row["carrier"]].get(day, (0, 0))
        found[row["carrier"]][day] = (late + is_late, everything + 1)
    return found


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return [row for row in rows if not row["is_deleted"]]


@dataclass(frozen=True)
class Rise:
    """A late rate held against the usual one; `days` are (day, late, due, score).

    `alarm` is the day since which the score is above the threshold, None where it is not.
    `usual` is None, and nothing is scored, where too few parcels tell it.
    """

    usual: Decimal | None
    known_by: int
    days: tuple[tuple[date, int, int, Decimal], ...]
    alarm: date | None

    @property
    def score(self) -> Decimal:
        """The score after the last day."""
        return self.days[-1][3] if self.days else Decimal(0)


def rise(days: Days, policy: WatchPolicy, today: date) -> Rise:
    """Look whether the late rate of the last days has risen above that of the days before."""
    since = today - timedelta(days=policy.watched_days)
    before = since - timedelta(days=policy.usual_days)
    usual = [counts for day, counts in days.items() if before <= day < since]
    watched = sorted((day, counts) for day, counts in days.items() if since <= day < today)
    late, due = (sum(counts[i] for counts in usual) for i in (0, 1))
    if due < policy.usual_parcels:
        return Rise(None, due, (), None)
    # Half a parcel late and half in time more, so that no rate is 0 or 1.
    rate = (Decimal(late) + Decimal("0.5")) / (due + 1)
    gained = scores((counts for _, counts in watched), rate, raised_by(rate, policy.odds_ratio))
    scored = tuple(
        (day, *counts, score) for (day, counts), score in zip(watched, gained, strict=True)
    )
    # Since the score last rose above the threshold: the same alarm on every day from then on.
    alarm = None
    for day, _, _, score in scored:
        alarm = (alarm or day) if score >= policy.threshold else None
    return Rise(rate, due, scored, alarm)


def _judge(carrier: str, found: Rise, policy: WatchPolicy) -> Decision:
    if found.usual is None:
        said = f"{found.known_by} parcels tell its usual rate, {policy.usual_parcels} are asked for"
        return _decision(carrier, "go on", None, "too_little_history", said, {})
    late = sum(day[1] for day in found.days)
    due = sum(day[2] for day in found.days)
    said = f"{late} of {due} parcels late in {policy.watched_days} days, usually {found.usual:.1%}"
    evidence = {
        "usual_rate": f"{found.usual:.4f}",
        "days": [
            {"day": day.isoformat(), "late": late, "due": due, "score": f"{score}"}
            for day, late, due, score in found.days
        ],
    }
    if found.alarm is None:
        return _decision(carrier, "go on", found.score, "no_rise", said, evidence)
    stop = Action(
        target_system="breakers",
        verb="open_breaker",
        payload={"scope": f"carrier:{carrier}", "reason": f"late rate has risen: {said}"},
        basis=f"carrier:{carrier} {found.alarm.isoformat()}",
    )
    return _decision(carrier, "stop", found.score, "late_rate_risen", said, evidence, (stop,))


def _decision(
    carrier: str,
    label: str,
    score: Decimal | None,
    reason: str,
    said: str,
    evidence: Mapping[str, object],
    actions: tuple[Action, ...] = (),
) -> Decision:
    objective = None if score is None else score.quantize(Decimal("0.0001"))
    return Decision(
        subject_type="carrier",
        subject_uid=f"carrier:{carrier}",
        subject_label=carrier,
        options=(Option(label, evidence),),
        objective=objective,
        lower_bound=None,
        autonomy="notify" if actions else "auto",
        reason_codes=(reason,),
        summary=f"{label}: {said}.",
        actions=actions,
    )


JOB = Job(
    name="watch_carriers",
    description="Each carrier's late parcels, and which of them is stopped for it.",
    reads=READS,
    policy=WatchPolicy,
    decide=decide,
)
