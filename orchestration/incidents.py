"""Incidents: one a cause, however often it is found again, from the first finding to its end.

A cause is a rule of a contract on a table, or a step of a job that fails. This module is what
happens to incidents when something is judged; `incident_store.py` keeps them.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

Status = Literal["open", "acknowledged", "snoozed", "resolved"]
Event = Literal["opened", "reminder", "resolved"]
_Cause = tuple[str, str, str]
RUN = "run"  # what stands in the contract's place where a step failed
ACTING = "acting"  # and where decisions are stopped, or wait for a person


@dataclass(frozen=True)
class Incident:
    """Something broken, from when it was found until it was seen to hold again.

    ``times`` counts the judgements that found it, ``echoes`` are rules downstream that broke with
    it ("canonical.package fits"), ``since`` and the other times have their zone.
    """

    incident_id: str
    contract: str
    dataset: str
    rule: str
    field: str | None
    severity: str
    status: Status
    message: str
    mend: str
    owner: str
    channel: str
    since: datetime
    seen_at: datetime
    times: int = 1
    failing: int | None = None
    echoes: tuple[str, ...] = ()
    by: str | None = None
    note: str | None = None
    snoozed_until: datetime | None = None
    resolved_at: datetime | None = None

    @property
    def cause(self) -> _Cause:
        """What makes it the same incident: contract, dataset, rule."""
        return self.contract, self.dataset, self.rule

    @property
    def found(self) -> str:
        """What was found: of a step that fails what it said, in whichever job that was."""
        return self.message.split("`: ", 1)[-1] if self.contract == RUN else self.message

    @property
    def layer(self) -> str:
        """The layer whose judgement decides on it: sources, canonical, decisions, or run."""
        return self.contract.partition("/")[0]


@dataclass(frozen=True)
class Change:
    """An incident as it is now, and what people are told of it, if anything."""

    incident: Incident
    event: Event | None = None


def judged(
    standing: Sequence[Incident],
    layer: str,
    rows: Sequence[Mapping[str, Any]],
    now: datetime,
    echoes: Callable[[Mapping[str, Any], Incident], bool] = lambda *_: False,
) -> list[Change]:
    """Return what changes when a layer was judged.

    standing: the unresolved incidents of all layers; rows: the layer's verdicts, of every rule;
    echoes: whether what a verdict found comes from what an incident of the sources is about.
    """
    failed = {_cause(row): row for row in rows if row["status"] != "passed"}
    known = {one.cause: one for one in standing if one.layer == layer}
    roots = [one for one in standing if one.layer == "sources" != layer]
    heard: dict[str, set[str]] = {one.incident_id: set() for one in roots}
    within = _within(failed)
    folded = {cause for causes in within.values() for cause in causes}
    changes: list[Change] = []
    for cause, row in failed.items():
        if cause in folded and cause not in known:
            continue
        if cause in known:
            changes.append(_again(known[cause], row, now))
            continue
        root = next((one for one in roots if echoes(row, one)), None)
        if root is not None:
            heard[root.incident_id].add(f"{row['dataset']} {row['rule']}")
        else:
            changes.append(Change(_opened(row, now), "opened"))
    changes = [_with_own(change, within) for change in changes]
    asked = {_cause(row) for row in rows}
    for cause, one in known.items():
        if cause not in failed:
            note = one.note if cause in asked else "no contract that is judged has this rule now"
            changes.append(Change(_resolved(one, now, note), "resolved"))
    for one in roots:
        # What this layer says of it now; echoes in other layers are not asked here.
        others = {echo for echo in one.echoes if not echo.startswith(f"{_schema(layer)}.")}
        if (told := tuple(sorted(others | heard[one.incident_id]))) != one.echoes:
            changes.append(Change(replace(one, echoes=told)))
    return changes


def ran(
    standing: Sequence[Incident],
    job: str,
    failed: Mapping[str, str],
    ended_well: Iterable[str],
    now: datetime,
    owner: Callable[[str], tuple[str, str]],
) -> list[Change]:
    """Return what changes when a job ran.

    failed: step -> message; owner: of a step the name of whose it is, and their channel.
    """
    known = {one.cause: one for one in standing if one.contract == RUN}
    changes = []
    for step, message in failed.items():
        row = {
            "contract": RUN, "dataset": job, "rule": step, "column": None, "severity": "error",
            "message": f"{step} failed in `{job}`: {message}", "failing": None,
            "mend": f"Mend what it says, then run `{job}` again.",
            "owner": owner(step)[0], "channel": owner(step)[1],
        }  # fmt: skip
        # A step is the same in every job that has it.
        mine = next((one for one in known.values() if one.rule == step), None)
        changes.append(_again(mine, row, now) if mine else Change(_opened(row, now), "opened"))
    good = set(ended_well)
    changes += [
        Change(_resolved(one, now, one.note), "resolved")
        for one in known.values()
        if one.rule in good and one.rule not in failed
    ]
    return changes


def watched(
    standing: Sequence[Incident],
    found: Mapping[tuple[str, str], tuple[str, str, str]],
    now: datetime,
    owner: tuple[str, str],
) -> list[Change]:
    """Return what changes when breakers and checkpoints are looked at.

    found: (what kind, which) -> severity, message, mend, of all that is stopped or waits; what is
    not in it has ended. owner: whose they are, and their channel.
    """
    known = {(one.dataset, one.rule): one for one in standing if one.contract == ACTING}
    changes = []
    for (kind, which), (severity, message, mend) in found.items():
        row = {
            "contract": ACTING, "dataset": kind, "rule": which, "column": None, "failing": None,
            "severity": severity, "message": message, "mend": mend,
            "owner": owner[0], "channel": owner[1],
        }  # fmt: skip
        mine = known.get((kind, which))
        if mine is None:
            changes.append(Change(_opened(row, now), "opened"))
        elif mine.message != message or mine.severity != severity or mine.status == "snoozed":
            changes.append(_again(mine, row, now))
    ended = [one for place, one in known.items() if place not in found]
    return [*changes, *(Change(_resolved(one, now, one.note), "resolved") for one in ended)]


def acknowledged(one: Incident, by: str, note: str | None) -> Incident:
    """Return an incident that somebody has taken up: nobody is reminded of it."""
    return replace(one, status="acknowledged", by=by, note=note or one.note, snoozed_until=None)


def snoozed(one: Incident, by: str, until: datetime, note: str | None) -> Incident:
    """Return an incident that is silent until an instant; still broken then, it is told again."""
    return replace(one, status="snoozed", by=by, note=note or one.note, snoozed_until=until)


def _within(failed: Mapping[_Cause, Mapping[str, Any]]) -> dict[_Cause, set[_Cause]]:
    """Return what could not be evaluated because its table, or its column, is not as it was."""
    found: dict[_Cause, set[_Cause]] = {}
    shapes = {
        (row["dataset"], row["column"]): cause
        for cause, row in failed.items()
        if row["status"] == "failed" and row.get("kind") in ("exists", "type")
    }
    for cause, row in failed.items():
        root = shapes.get((row["dataset"], None)) or shapes.get((row["dataset"], row["column"]))
        if row["status"] == "not_evaluated" and root is not None:
            found.setdefault(root, set()).add(cause)
    return found


def _with_own(change: Change, within: Mapping[_Cause, set[_Cause]]) -> Change:
    """Add to an incident what could not be evaluated because of it."""
    one = change.incident
    own = {f"{dataset} {rule}" for _, dataset, rule in within.get(one.cause, ())}
    others = {echo for echo in one.echoes if echo.partition(" ")[0] != one.dataset}
    return replace(change, incident=replace(one, echoes=tuple(sorted(own | others))))


def _again(one: Incident, row: Mapping[str, Any], now: datetime) -> Change:
    """Find it once more: nobody is told, unless a snooze is over or it became an error."""
    told: Event | None = None
    status = one.status
    if one.status == "snoozed" and one.snoozed_until is not None and one.snoozed_until <= now:
        told, status = "reminder", "open"
    if one.severity == "warning" and row["severity"] == "error":
        told, status = "reminder", "open"
    return Change(
        replace(
            one,
            status=status,
            severity=row["severity"],
            message=row["message"],
            mend=row["mend"] or "",
            failing=row["failing"],
            owner=row["owner"],
            channel=row["channel"],
            seen_at=now,
            times=one.times + 1,
            snoozed_until=one.snoozed_until if status == "snoozed" else None,
        ),
        told,
    )


def _opened(row: Mapping[str, Any], now: datetime) -> Incident:
    named = "\0".join([*_cause(row), now.isoformat()])
    return Incident(
        incident_id=hashlib.sha256(named.encode()).hexdigest()[:8],
        contract=row["contract"],
        dataset=row["dataset"],
        rule=row["rule"],
        field=row["column"],
        severity=row["severity"],
        status="open",
        message=row["message"],
        mend=row["mend"] or "",
        owner=row["owner"],
        channel=row["channel"],
        since=now,
        seen_at=now,
        failing=row["failing"],
    )


def _resolved(one: Incident, now: datetime, note: str | None) -> Incident:
    return replace(
        one, status="resolved", resolved_at=now, seen_at=now, note=note, snoozed_until=None
    )


def _cause(row: Mapping[str, Any]) -> _Cause:
    return row["contract"], row["dataset"], row["rule"]


def _schema(layer: str) -> str:
    """Return how the datasets of a layer begin; those of sources begin as their sources do."""
    return {"canonical": "canonical", "decisions": "decisions"}.get(layer, layer)
