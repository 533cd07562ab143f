"""What a contract promises otherwise than it did, and the step of its version that this asks for.

Judged from where its readers stand, after Semantic Versioning 2.0.0 (semver.org): what a reader may
have relied upon and is no longer promised is breaking; a promise that is new or stricter is not,
though rows that passed may be held by it (`minor`); words and people are a `patch`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from contracts.model import Column, Contract, Rule, Table

_LOWER = ("minimum", "exclusiveMinimum", "minLength")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength")
_ABOVE = ("mustBeGreaterThan", "mustBeGreaterOrEqualTo")
_BELOW = ("mustBeLessThan", "mustBeLessOrEqualTo")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class Step(IntEnum):
    """The part of a version that a change steps."""

    PATCH = 1
    MINOR = 2
    MAJOR = 3


@dataclass(frozen=True)
class Change:
    """One thing that a contract says otherwise; `where` is a table, a column or a rule of it."""

    where: str
    what: str
    step: Step

    @property
    def is_breaking(self) -> bool:
        """Whether a reader may have relied upon what is gone."""
        return self.step is Step.MAJOR


def differences(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Return everything that the new contract says otherwise, breaking changes first."""
    found = [*_words(old, new), *_tables(old, new)]
    return tuple(sorted(found, key=lambda change: (-change.step, change.where)))


def least_version(old: str, changes: tuple[Change, ...]) -> str:
    """Return the smallest version that may follow `old` with these changes.

    Below 1.0.0 nothing is promised yet, and what breaks steps the minor part. Raises ValueError
    for a version that is not three numbers.
    """
    major, minor, patch = _parts(old)
    step = max((change.step for change in changes), default=None)
    if step is None:
        return old
    if step is Step.MAJOR and major:
        return f"{major + 1}.0.0"
    if step >= Step.MINOR:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def is_enough(version: str, least: str) -> bool:
    """Whether a version is the least that is asked for, or above it."""
    return _parts(version) >= _parts(least)


def _parts(version: str) -> tuple[int, int, int]:
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ValueError(f"'{version}' is no version: three numbers, such as 1.0.0.")
    return int(match[1]), int(match[2]), int(match[3])


def _words(old: Contract, new: Contract) -> Iterator[Change]:
    for name, was, now in (
        ("owner", old.owner, new.owner),
        ("channel", old.channel, new.channel),
        ("description", old.description, new.description),
        ("tags", old.tags, new.tags),
        ("status", old.status, new.status),
    ):
        if was != now:
            yield Change("", f"{name}: {was or 'none'} -> {now or 'none'}"[:200], Step.PATCH)


def _tables(old: Contract, new: Contract) -> Iterator[Change]:
    were, are = {t.name: t for t in old.tables}, {t.name: t for t in new.tables}
    for name in were.keys() - are.keys():
        yield Change(name, "table taken away", Step.MAJOR)
    for name in are.keys() - were.keys():
        yield Change(name, "table added", Step.MINOR)
    for name in were.keys() & are.keys():
        yield from _table(were[name], are[name])


def _table(old: Table, new: Table) -> Iterator[Change]:
    name = new.name
    if old.primary_key != new.primary_key:
        keys = " -> ".join(", ".join(t.primary_key) or "none" for t in (old, new))
        yield Change(name, f"key: {keys}", Step.MAJOR)
    if old.append_only != new.append_only:
        yield Change(name, f"append-only: {old.append_only} -> {new.append_only}", Step.MAJOR)
    if old.replication_key != new.replication_key:
        keys = f"{old.replication_key or 'none'} -> {new.replication_key or 'none'}"
        yield Change(name, f"replication key: {keys}", Step.MINOR)
    if old.fed != new.fed:
        step = Step.MINOR if new.fed else Step.MAJOR
        yield Change(name, f"fed: {old.fed} -> {new.fed}", step)
    if old.description != new.description:
        yield Change(name, "description reworded", Step.PATCH)
    were, are = {c.name: c for c in old.columns}, {c.name: c for c in new.columns}
    for column in were.keys() - are.keys():
        yield Change(f"{name}.{column}", "column taken away", Step.MAJOR)
    for column in are.keys() - were.keys():
        yield Change(f"{name}.{column}", f"column added, {are[column].physical_type}", Step.MINOR)
    both = [column for column in were if column in are]
    if both != [column for column in are if column in were]:
        yield Change(name, "columns in another order", Step.MINOR)
    for column in both:
        yield from _column(f"{name}.{column}", were[column], are[column])
    yield from _rules(old, new, set(both))


def _column(where: str, old: Column, new: Column) -> Iterator[Change]:
    if old.physical_type != new.physical_type:
        yield Change(where, f"type: {old.physical_type} -> {new.physical_type}", Step.MAJOR)
    if old.classification != new.classification:
        kinds = f"{old.classification or 'none'} -> {new.classification or 'none'}"
        yield Change(where, f"classification: {kinds}", Step.MINOR)
    if old.description != new.description:
        yield Change(where, "description reworded", Step.PATCH)


def _rules(old: Table, new: Table, columns: set[str]) -> Iterator[Change]:
    """Compare the rules of a table and of the columns that both contracts have."""

    def of(table: Table) -> dict[str, Rule]:
        own = {c.name for c in table.columns}
        return {r.id: r for r in table.rules if r.column not in own or r.column in columns}

    were, are = of(old), of(new)
    for name in were.keys() - are.keys():
        rule = were[name]
        step = Step.MAJOR if rule.severity == "error" else Step.MINOR
        yield Change(f"{new.name}: {name}", f"rule taken away ({_said(rule)})", step)
    for name in are.keys() - were.keys():
        yield Change(f"{new.name}: {name}", f"rule added ({_said(are[name])})", Step.MINOR)
    for name in were.keys() & are.keys():
        yield from _rule(f"{new.name}: {name}", were[name], are[name])


def _rule(where: str, old: Rule, new: Rule) -> Iterator[Change]:
    if old.severity != new.severity:
        step = Step.MINOR if new.severity == "error" else Step.MAJOR
        yield Change(where, f"severity: {old.severity} -> {new.severity}", step)
    elif old.policy != new.policy:
        # Rows that are held apart are missing in what goes on: whoever counts on all must know.
        step = Step.MAJOR if new.holds else Step.MINOR
        yield Change(where, f"policy: {old.policy} -> {new.policy}", step)
    if _held(old) != _held(new):
        is_looser = _is_looser(old, new)
        what = {None: "says something else", True: "looser", False: "stricter"}[is_looser]
        step = Step.MINOR if is_looser is False or new.severity != "error" else Step.MAJOR
        yield Change(where, f"{what}: {_turned(old, new)}", step)
    elif _told(old) != _told(new):
        yield Change(where, "reworded", Step.PATCH)


def _held(rule: Rule) -> tuple[Any, ...]:
    query = " ".join((rule.query or "").split())
    return rule.kind, rule.column, rule.comparator, rule.unit, _plain(rule.arguments), query


def _told(rule: Rule) -> tuple[Any, ...]:
    return rule.description, rule.mend, rule.dimension


def _plain(arguments: Mapping[str, Any]) -> str:
    return repr(sorted(arguments.items(), key=lambda item: item[0]))


def _turned(old: Rule, new: Rule) -> str:
    """Tell from what to what; of lists of values only what came and went."""
    were, are = (rule.arguments.get("validValues") for rule in (old, new))
    if not were or not are:
        return f"{_said(old)} -> {_said(new)}"
    came = ", ".join(str(value) for value in are if value not in were)
    went = ", ".join(str(value) for value in were if value not in are)
    return "; ".join(f"{word} {said}" for word, said in (("also", came), ("not", went)) if said)


def _said(rule: Rule) -> str:
    """Tell a rule in a few words."""
    if rule.query:
        text = " ".join(rule.query.split())
    else:
        text = ", ".join(f"{name} {value}" for name, value in rule.arguments.items())
    if rule.comparator != ("mustBe", 0):
        text += f" {rule.comparator[0]} {rule.comparator[1]} {rule.unit}"
    text = text.strip() or rule.kind
    return text if len(text) <= 80 else text[:79] + "…"


def _is_looser(old: Rule, new: Rule) -> bool | None:
    """Whether the new rule lets through more than the old one; None where nobody can tell."""
    if (old.kind, old.column, old.unit) != (new.kind, new.column, new.unit):
        return None
    if old.query != new.query:
        return None
    if old.arguments == new.arguments:
        (was, before), (now, after) = old.comparator, new.comparator
        if was != now or was not in (*_ABOVE, *_BELOW):
            return None
        return bool(after < before) if was in _ABOVE else bool(after > before)
    if old.comparator != new.comparator:
        return None
    named = set(old.arguments) | set(new.arguments)
    if named == {"value"} and old.kind in (*_LOWER, *_UPPER):
        least, limit = old.arguments["value"], new.arguments["value"]
        return bool(limit < least) if old.kind in _LOWER else bool(limit > least)
    if named == {"from"}:
        was, now = old.arguments["from"], new.arguments["from"]
        # With another offset the days are others too.
        return bool(now > was) if was[5:] == now[5:] else None
    if named == {"validValues"}:
        were, are = (set(map(str, rule.arguments["validValues"])) for rule in (old, new))
        return True if were < are else False if are < were else None
    return None
