"""What a contract promises of time: its ``slaProperties``, each read as a rule of its table.

The standard names the properties and their units and says little of what they mean (ODCS 3.1,
`service-level-agreement.md <https://bitol-io.github.io/open-data-contract-standard/latest/
service-level-agreement/>`_: "frequency of update", "latency, preferred to freshness", an element
"to do the checks on"; ``timeOfAvailability`` stands in an example only, bitol-io/
open-data-contract-standard#248). Here each means what can be measured:

- ``freshness``: the element's newest value is at most so old.
- ``latency``: no row arrived later than so long after its element. The rows of the day that ends
  with the newest arrival are held to it, so that loads between two judgements count as well. What
  happened before the table was first pulled is no measure of that: of rows older than the table's
  first arrival by more than the limit, a first load or a backfill, nothing is asked. Nor of a table
  that is told whole each time, where every row arrives anew. Where no row is left, it fails. A row
  that changes arrives again: its element has to be when it changed, not when it was made.
- ``frequency``: something new or changed arrived so short a time ago. The element names the table.
- ``timeOfAvailability``: from this time of day on the element's newest value is of this very day,
  until then at least of the day before; days are those of the given offset, weekends count.
- ``retention``: no row's element is older. A row without one has no age: make it `required`. The
  standard does not say "at least" or "at most"; datacontract-cli measures the latter too.

Freshness, frequency and availability have to hold whenever somebody acts, so a gate asks again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from contracts.document import Place, choices
from contracts.model import Contract, Rule, Table
from contracts.rules import Say

PROMISES = ("freshness", "latency", "frequency", "timeOfAvailability", "retention")
# Kept when they were judged, they may be broken an hour later, though nothing was written.
AGING = ("freshness", "frequency", "timeOfAvailability")
# Those that ask what time it is; latency compares two times of the same row.
CLOCKED = (*AGING, "retention")
# When the target wrote a row, and in which telling of the whole table: of sources' tables only.
ARRIVED, TOLD = "_sdc_received_at", "_sdc_table_version"
NEEDS: Mapping[str, frozenset[str]] = {
    "latency": frozenset({ARRIVED, TOLD}),
    "frequency": frozenset({ARRIVED}),
}
# The standard reads them in any case, and by these (its list has none for the other two).
_NAMES = {name.lower(): name for name in PROMISES} | {
    "ly": "latency", "fy": "frequency", "re": "retention",
}  # fmt: skip
_UNITS = {"d": "days", "day": "days", "days": "days", "h": "hours", "hour": "hours",
          "hours": "hours", "m": "minutes", "minute": "minutes", "minutes": "minutes"}  # fmt: skip
# `m` is left out: datacontract-cli takes it for months here, and for minutes elsewhere.
_KEPT = {"y": "years", "yr": "years", "year": "years", "years": "years",
         **{unit: word for unit, word in _UNITS.items() if unit != "m"}}  # fmt: skip


def promises(
    listed: Sequence[Mapping[str, Any]], tables: Sequence[Table], layer: str, say: Say
) -> Iterator[Rule]:
    """Yield a rule a promise and element, and say of each that cannot be held why not."""
    seen: set[tuple[str, str]] = set()
    for index, sla in enumerate(listed):
        place: Place = ("slaProperties", index)
        kind = _NAMES.get(str(sla.get("property")).lower())
        if kind is None:
            what = f"'{sla.get('property')}' is not judged."
            say((*place, "property"), f"{what} {choices(sla.get('property'), PROMISES)}")
            continue
        if kind in NEEDS and layer != "sources":
            say((*place, "property"), f"'{kind}' is for sources: rows of {layer} do not arrive.")
            continue
        limits = _limits(kind, sla, place, say)
        for table, column in _elements(sla, tables, place, say):
            rule = Rule(f"{column}.{kind}", kind, table, column, "timeliness", "error", **limits)
            rule = replace(rule, description=_sentence(rule))
            what = kind if kind == "frequency" else rule.id  # whose element only names the table
            if (table, what) in seen:
                say(place, f"{table} promises {what} twice; keep the stricter one.")
                continue
            seen.add((table, what))
            yield rule


def _elements(
    sla: Mapping[str, Any], tables: Sequence[Table], place: Place, say: Say
) -> Iterator[tuple[str, str]]:
    """Yield table and column of each element; of a contract's only table the name may be left out.

    Several, parted by commas, are the standard's.
    """
    valid = {f"{t.name}.{c.name}": (t.name, c.name) for t in tables for c in t.columns
             if c.logical_type in ("timestamp", "date")}  # fmt: skip
    for element in str(sla.get("element") or "").split(","):
        name = element.strip()
        full = f"{tables[0].name}.{name}" if len(tables) == 1 and "." not in name else name
        if full in valid:
            yield valid[full]
        else:
            near = choices(full, list(valid)) if valid else "It has none."
            text = f"'{name}' is no timestamp or date of this contract. {near}"
            say((*place, "element"), text)


def _limits(kind: str, sla: Mapping[str, Any], place: Place, say: Say) -> dict[str, Any]:
    """Return what a rule is held against, as keywords of a Rule."""
    value, unit = sla.get("value"), sla.get("unit")
    if kind == "timeOfAvailability":
        if unit is not None:
            say((*place, "unit"), "a time of day has none; leave it out.")
        at = _time_of_day(value)
        if at is None:
            text = f"{value!r} is no time of day (hours, minutes) with its offset."
            say((*place, "value"), f"{text} Valid: '09:00-08:00', '17:30Z'.")
        arguments = {"from": (at or time()).isoformat(timespec="minutes")}
        return {"comparator": ("mustBeLessOrEqualTo", 0), "unit": "days", "arguments": arguments}
    units = _KEPT if kind == "retention" else _UNITS
    if str(unit) not in units:
        say((*place, "unit"), f"'{unit}' is none of {kind}. {choices(unit, list(units))}")
    word = units.get(str(unit), "hours")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        say((*place, "value"), "must be a number above 0.")
        value = 1
    if word == "years" and value != int(value):
        say((*place, "value"), "must be a whole number of years.")
    if kind == "retention":
        # Years are those of the calendar, so this is no number of seconds. Who needs the history
        # relies on it as much as who needs it gone: any other value breaks a reader.
        return {"arguments": {"value": value, "unit": word}}
    limit = timedelta(**{word: 1}).total_seconds() * float(value)
    return {"comparator": ("mustBeLessOrEqualTo", limit), "unit": "s"}


def _time_of_day(value: object) -> time | None:
    """Read hours and minutes with their offset from UTC; None for anything else."""
    try:
        at = time.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo is not None and at == at.replace(second=0, microsecond=0) else None


def due(rule: Rule, now: datetime) -> datetime:
    """Return the start of the day of which a table has to speak by its time of availability."""
    at = time.fromisoformat(rule.arguments["from"])
    local = now.astimezone(at.tzinfo)
    is_early = local.time() < at.replace(tzinfo=None)
    day = local.date() - timedelta(days=1 if is_early else 0)
    return datetime.combine(day, time(), at.tzinfo)


def is_day(contract: Contract, rule: Rule) -> bool:
    """Whether a rule's element is a date: it is that day in any offset."""
    return contract.table(rule.table).column(str(rule.column)).logical_type == "date"


def overdue(contract: Contract, rule: Rule, mark: datetime | None, now: datetime) -> str | None:
    """Say how an aging promise is broken now, or None where it is kept.

    ``mark`` is the newest value of its element, of ``frequency`` the newest arrival; a date's is
    its start in UTC. None, an unknown one, keeps no promise.
    """
    if mark is None:
        measured = None
    elif rule.kind == "timeOfAvailability":
        start = due(rule, now)
        newest = mark if is_day(contract, rule) else mark.astimezone(start.tzinfo)
        measured = float((start.date() - newest.date()).days)
    else:
        measured = (now - mark).total_seconds()
    is_kept = measured is not None and measured <= float(rule.comparator[1])
    return None if is_kept else unkept(rule, measured)


def unkept(rule: Rule, measured: float | None) -> str:
    """Say of a promise that is measured as a number how it is broken, in one sentence."""
    limit = f"{rule.comparator[1] / 3600:g} h"
    got = None if measured is None or rule.unit != "s" else f"{measured / 3600:.1f} h"
    match rule.kind:
        case "freshness":
            age = f"{got} old" if got else "missing"
            return f"the newest {rule.column} is {age}; it may be {limit} old."
        case "latency" if got is None:
            return (
                "how late its rows arrive cannot be told: none has happened since it was first "
                f"pulled, or it is told whole each time; {limit} after their {rule.column} is "
                "promised."
            )
        case "latency":
            return f"rows arrive up to {got} after their {rule.column}; it may be {limit}."
        case "frequency":
            since = f"nothing new has arrived for {got}" if got else "nothing has arrived yet"
            return f"{since}; something must within {limit}."
        case _:
            behind = "is missing" if measured is None else f"is {_days(measured)} behind"
            return (
                f"the newest {rule.column} {behind}; from {rule.arguments['from']} on it has to "
                "be of the same day, until then of the day before."
            )


def question(kind: str) -> str | None:
    """Return what to ask a source's owner when a promise is broken."""
    match kind:
        case "freshness" | "frequency" | "timeOfAvailability":
            return "whether it still writes, and look at the last pull's log"
        case "latency":
            return "why rows reach it late, and look whether it is pulled often enough"
        case "retention":
            return "to delete what is past its time, there and in the lake"
        case _:
            return None


def _sentence(rule: Rule) -> str:
    """Say what a rule promises, for pages and checks."""
    limit = f"{rule.comparator[1] / 3600:g} h"
    match rule.kind:
        case "freshness":
            return f"The newest {rule.column} is at most {limit} old."
        case "latency":
            return f"Rows arrive at most {limit} after their {rule.column}."
        case "frequency":
            return f"Something new or changed arrives within {limit}."
        case "retention":
            age = f"{rule.arguments['value']:g} {rule.arguments['unit']}"
            return f"No {rule.column} is older than {age}."
        case _:
            at = rule.arguments["from"]
            return f"From {at} on there is a {rule.column} of the same day; days are {at[5:]}'s."


def _days(measured: float) -> str:
    return "1 day" if measured == 1 else f"{measured:g} days"
