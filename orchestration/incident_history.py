"""What happened to an incident, one entry an event; entries are added and never changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

from orchestration.incidents import RUN, Incident

# In the order in which what happens at one instant is told. What was acknowledged and then worsens
# is reopened; what was resolved and breaks again is another incident, which names this one.
Kind = Literal[
    "opened", "changed", "eased", "worsened", "snooze ended", "reopened", "acknowledged",
    "snoozed", "resolved",
]  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """Something that happened to an incident, and how it stood then, if that is known.

    ``by`` is who did it, None of what happens by itself; ``note`` their words, or what a step said
    as it failed. ``until`` is when a snooze ends by itself. ``clock_at`` is the time of the data
    where the hub has a clock of its own (CROSSDOCK_NOW); the other times are the wall's.
    """

    incident_id: str
    happened_at: datetime
    kind: Kind
    severity: str | None = None
    failing: int | None = None
    by: str | None = None
    note: str | None = None
    until: datetime | None = None
    clock_at: datetime | None = None


def happened(before: Incident | None, after: Incident, now: datetime) -> Iterator[Entry]:
    """Yield what a change of an incident means; nothing where it was only found again.

    Read from the two states, so that nothing can change one without a trace. A new number of rows
    is a change; of a step, which counts none, a new message is.
    """
    of_now = Entry(after.incident_id, now, "opened", after.severity, after.failing)
    said = after.found if after.contract == RUN else None
    if before is None:
        yield replace(of_now, note=said)
        return
    yield from ended_by_itself(before, now)
    if before.severity != after.severity:
        yield replace(of_now, kind="worsened" if after.severity == "error" else "eased")
    elif before.failing != after.failing or (said is not None and before.found != said):
        yield replace(of_now, kind="changed", note=said)
    if after.status == "open" and _is_silent(before, now):
        yield replace(of_now, kind="snooze ended")
    elif after.status == "open" and before.status == "acknowledged":
        yield replace(of_now, kind="reopened")
    done = replace(of_now, by=after.by, note=after.note if after.note != before.note else None)
    if after.status == "resolved":
        yield replace(done, kind="resolved", by=None)
    elif after.status == "acknowledged" and _taken(before) != _taken(after):
        yield replace(done, kind="acknowledged")
    elif after.status == "snoozed" and _taken(before) != _taken(after):
        if _is_silent(after, now):
            yield replace(done, kind="snoozed", until=after.snoozed_until)
        else:
            yield replace(done, kind="snooze ended")


def ended_by_itself(one: Incident, now: datetime) -> Iterator[Entry]:
    """Yield the end of a snooze that has run out, at the instant at which it did."""
    if one.status == "snoozed" and one.snoozed_until is not None and one.snoozed_until <= now:
        yield Entry(one.incident_id, one.snoozed_until, "snooze ended")


def whole(kept: Sequence[Entry], one: Incident, now: datetime) -> list[Entry]:
    """Return the history of an incident in order of time, with what no entry says but it does.

    That is how it began and ended, of incidents older than their history, and a snooze that ran
    out since it was last found.
    """
    known = [Entry(one.incident_id, one.since, "opened")]
    if one.resolved_at is not None:
        known.append(Entry(one.incident_id, one.resolved_at, "resolved"))
    told = {entry.kind for entry in kept}
    ended = {entry.happened_at for entry in kept if entry.kind == "snooze ended"}
    more = [entry for entry in known if entry.kind not in told]
    more += [entry for entry in ended_by_itself(one, now) if entry.happened_at not in ended]
    kinds = get_args(Kind)
    return sorted([*kept, *more], key=lambda entry: (entry.happened_at, kinds.index(entry.kind)))


def _is_silent(one: Incident, now: datetime) -> bool:
    return one.status == "snoozed" and one.snoozed_until is not None and one.snoozed_until > now


def _taken(one: Incident) -> tuple[Any, ...]:
    return one.status, one.by, one.note, one.snoozed_until
