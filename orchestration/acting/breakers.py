"""Breakers as they are kept in the lake, and what opens and closes them."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime

import duckdb

import decisions
from contracts import CrossdockError
from decisions import breaker as machine
from decisions.breaker import Breaker
from decisions.policies import KINDS, Policies
from orchestration import decision_tables
from orchestration.acting import audit
from orchestration.hub import Hub

_TABLE = "lake.decisions.breaker"
_COLUMNS = tuple(field.name for field in fields(Breaker))
BY_ITSELF = "crossdock"
_OF_RELEASE = {
    "node": "select distinct node_code from canonical.node where not is_deleted",
    "carrier": "select distinct carrier from canonical.carrier_service where not is_deleted",
}


class BreakerError(CrossdockError):
    """No such breaker, or nothing to do about it."""


class Breakers:
    """All breakers at one instant, and what changes of them before they are written."""

    def __init__(self, con: duckdb.DuckDBPyConnection, policies: Policies, now: datetime) -> None:
        """Read them, half-opening those that have cooled down."""
        self._policies, self._now = policies, now
        self._known = {one.scope: one for one in listed(con)}
        self._as_read = dict(self._known)
        for scope, one in self._known.items():
            self._known[scope] = machine.cooled(one, now, policies.breaker(scope))

    def __getitem__(self, scope: str) -> Breaker:
        """Return a scope's breaker; closed where nothing was ever heard of it."""
        return self._known.get(scope, Breaker(scope))

    def open_scopes(self) -> list[str]:
        """Return the scopes that nothing may be sent through now."""
        return sorted(one.scope for one in self._known.values() if one.state == "open")

    def observe(self, scopes: Iterable[str], *, is_clean: bool, what: str = "failure") -> None:
        """Take in how an action went through each scope."""
        for scope in scopes:
            self._known[scope] = machine.observed(
                self[scope], self._now, self._policies.breaker(scope), is_clean=is_clean, what=what
            )

    def trip(self, scope: str, reason: str, held_by: str | None = None) -> None:
        """Open a scope's breaker; `held_by` is the person who does."""
        self._known[scope] = machine.trip(self[scope], self._now, reason, held_by)

    def close(self, scope: str, reason: str) -> None:
        """Close a scope's breaker."""
        self._known[scope] = machine.close(self[scope], self._now, reason)

    def stopping(self, scopes: Iterable[str], on_their_way: dict[str, int]) -> Breaker | None:
        """Return the breaker that stops an action now; None where it may be sent.

        `on_their_way` counts by scope what was sent and is not answered.
        """
        for scope in scopes:
            one = self[scope]
            left = machine.permitted(one, self._policies.breaker(scope), on_their_way.get(scope, 0))
            if left is not None and left <= 0:
                return one
        return None

    def write(self, con: duckdb.DuckDBPyConnection, log: audit.Log, actor: str = BY_ITSELF) -> None:
        """Keep what has changed, and log each change of state."""
        for scope, one in self._known.items():
            before = self._as_read.get(scope, Breaker(scope))
            if one == before:
                continue
            con.execute(f"delete from {_TABLE} where scope = ?", [scope])  # noqa: S608
            marks = ", ".join("?" for _ in _COLUMNS)
            con.execute(
                f"insert into {_TABLE} ({', '.join(_COLUMNS)}) values ({marks})",  # noqa: S608
                [getattr(one, name) for name in _COLUMNS],
            )
            if one.state != before.state:
                detail = {"from": before.state, "to": one.state, "reason": one.reason}
                log.add(f"breaker.{one.state}", scope, actor=actor, at=self._now, detail=detail)
        self._as_read = dict(self._known)


def listed(con: duckdb.DuckDBPyConnection) -> list[Breaker]:
    """Return every breaker that anything was heard of, by scope."""
    try:
        found = con.execute(f"select * from {_TABLE} order by scope")  # noqa: S608
    except duckdb.CatalogException:
        return []
    # A hub of before a column was there has none of it.
    rows = found.to_arrow_table().to_pylist()
    return [Breaker(**{name: row.get(name) for name in _COLUMNS}) for row in rows]


def turn(hub: Hub, policies: Policies, scope: str, *, is_open: bool, by: str, reason: str) -> None:
    """Open or close a scope's breaker at a person's word. Raises BreakerError."""
    kind, _, name = scope.partition(":")
    if kind not in KINDS or not name:
        kinds = ", ".join(f"{kind}:NAME" for kind in KINDS)
        raise BreakerError(f"'{scope}' is no scope. Scopes: {kinds}.")
    names = _names(hub, kind)
    if names and name not in names:
        raise BreakerError(f"There is no {kind} '{name}'. There are: {', '.join(sorted(names))}.")
    if not by.strip() or not reason.strip():
        raise BreakerError("Say who you are (--by) and why (--reason): both are kept.")
    lock = hub.lake.lock(hub.settings.lock_timeout_s, "turn a breaker")
    with lock, hub.lake.connect() as con:
        con.execute("begin")
        decision_tables.provide(con)
        known = Breakers(con, policies, hub.settings.clock())
        one = known[scope]
        is_held = one.state == "open" and one.held_by is not None
        if is_held if is_open else one.state == "closed":
            raise BreakerError(f"The breaker of {scope} is {one.state} already.")
        if is_open:
            known.trip(scope, f"{by}: {reason}", by)
        else:
            known.close(scope, f"{by}: {reason}")
        log = audit.Log(con)
        known.write(con, log, by)
        log.write()
        hub.lake.commit(con)


def _names(hub: Hub, kind: str) -> set[str]:
    """Return what there is of a kind; nothing where that is not known, so that any name may stand.

    Nodes and carriers are those of the newest release, whose spelling the jobs have.
    """
    if kind == "job":
        return set(decisions.jobs())
    if kind == "source":
        return {contract.name for contract in hub.contracts("sources")}
    query = _OF_RELEASE.get(kind)
    release = hub.releases.newest() if query else None
    if query is None or release is None:
        return set()
    with hub.releases.open(release.release_id) as con:
        try:
            return {str(row[0]) for row in con.execute(query).fetchall()}
        except duckdb.CatalogException:
            return set()
