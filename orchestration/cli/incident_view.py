"""The history of an incident on a terminal: a line an entry, its time before it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from textwrap import shorten

from orchestration.cli.wording import at, lasting
from orchestration.incident_history import Entry
from orchestration.incidents import Incident

_LONGEST = 200


def history(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield a line an entry; of changes with nothing between them the last, and how many."""
    since = entries[0].happened_at
    for kind, group in groupby(entries, key=lambda entry: entry.kind):
        of_kind = list(group)
        for entry in of_kind[-1:] if kind == "changed" else of_kind:
            said = _said(entry, since)
            if kind == "changed" and len(of_kind) > 1:
                said += f" (the last of {len(of_kind)} changes)"
            if entry.clock_at is not None and entry.by is None:  # it was found in the data
                said += f" (simulated clock: {at(entry.clock_at)})"
            yield f"{at(entry.happened_at)} UTC  {said}"


def earlier(incidents: Sequence[Incident]) -> str:
    """Say when a cause broke before, the newest three times."""
    if not incidents:
        return ""
    times = "once" if len(incidents) == 1 else f"{len(incidents)} times"
    newest = ", ".join(
        f"{one.incident_id} of {at(one.since)} UTC"
        + (f" for {lasting(one.resolved_at - one.since)}" if one.resolved_at else "")
        for one in reversed(incidents[-3:])
    )
    return f"{times}: {newest}"


def _said(entry: Entry, since: datetime) -> str:
    severity = {"error": "an error", "warning": "a warning"}.get(entry.severity or "")
    rows = None if entry.failing is None else f"{entry.failing:,} row{'s' * (entry.failing != 1)}"
    by = f" by {entry.by}" if entry.by else ""
    match entry.kind:
        case "opened":
            said = ": ".join(filter(None, ["opened", ", ".join(filter(None, [severity, rows]))]))
        case "changed":
            said = "changed" if entry.note else f"changed: {rows or 'not counted'}"
        case "worsened" | "eased":
            said = f"{entry.kind}: {', '.join(filter(None, [f'{severity} now', rows]))}"
        case "snoozed" if entry.until is not None:
            said = f"snoozed{by} until {at(entry.until)} UTC"
        case "resolved":
            said = f"resolved after {lasting(entry.happened_at - since)}"
        case other:
            said = f"{other}{by}"
    return said + (f": {shorten(entry.note, _LONGEST, placeholder=' …')}" if entry.note else "")
