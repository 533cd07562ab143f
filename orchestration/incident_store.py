"""Where incidents are kept, and what is to be told of them: in the lake, with the verdicts.

A verdict, the incidents that follow from it and the alerts that these ask for are one commit, so
that a kill loses none of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.hub import Hub
from orchestration.incident_history import Entry, happened, whole
from orchestration.incidents import RUN, Change, Incident

INCIDENT = "lake.hub.incident"
HISTORY = "lake.hub.incident_history"
ALERT = "lake.hub.alert"
_TIME = pa.timestamp("us", tz="UTC")
_TIMES = ("since", "seen_at", "snoozed_until", "resolved_at")
_SCHEMA = pa.schema(
    [
        (field.name, _TIME if field.name in _TIMES else pa.string())
        for field in fields(Incident)
        if field.name not in ("times", "failing", "echoes")
    ]
    + [("times", pa.int64()), ("failing", pa.int64()), ("echoes", pa.list_(pa.string()))]
)
_ENTRY_TIMES = ("happened_at", "until", "clock_at")
_HISTORY_SCHEMA = pa.schema(
    [
        (field.name, _TIME if field.name in _ENTRY_TIMES else pa.string())
        for field in fields(Entry)
        if field.name != "failing"
    ]
    + [("failing", pa.int64())]
)
# One row an event of an incident, until it is known whom to tell; then one a target.
_ALERT_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("alert_id", "incident_id", "event", "target")),
        *((name, pa.string()) for name in ("status", "payload", "last_error")),
        ("attempts", pa.int64()),
        *((name, _TIME) for name in ("created_at", "next_at", "sent_at")),
    ]
)


def provide(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables where they are missing; within the caller's transaction."""
    con.execute("create schema if not exists lake.hub")
    shapes = {INCIDENT: _SCHEMA, HISTORY: _HISTORY_SCHEMA, ALERT: _ALERT_SCHEMA}
    for name, schema in shapes.items():
        con.register("shape", schema.empty_table())
        con.execute(f"create table if not exists {name} as from shape")
        con.unregister("shape")


def standing(con: duckdb.DuckDBPyConnection) -> list[Incident]:
    """Return the incidents that are not resolved, oldest first."""
    return listed(con, "status <> 'resolved'")


def listed(
    con: duckdb.DuckDBPyConnection, where: str = "true", values: Sequence[Any] = ()
) -> list[Incident]:
    """Return incidents, oldest first; ``where`` is a constant of ours, with ? for values."""
    try:
        found = con.execute(
            f"select * from {INCIDENT} where {where} order by since, incident_id",  # noqa: S608
            list(values),
        )
    except duckdb.CatalogException:
        return []  # nothing has ever been judged
    rows = found.to_arrow_table().to_pylist()
    return [Incident(**{**row, "echoes": tuple(row["echoes"] or ())}) for row in rows]


def before(con: duckdb.DuckDBPyConnection, one: Incident) -> list[Incident]:
    """Return the incidents that one's cause made before it, oldest first."""
    is_same = "contract = ? and rule = ? and since < ? and (dataset = ? or contract = ?)"
    # A step is the same in every job that has it.
    return listed(con, is_same, [one.contract, one.rule, one.since, one.dataset, RUN])


def history(con: duckdb.DuckDBPyConnection, one: Incident, now: datetime) -> list[Entry]:
    """Return what happened to an incident, in order of time."""
    try:
        found = con.execute(f"select * from {HISTORY} where incident_id = ?", [one.incident_id])  # noqa: S608
    except duckdb.CatalogException:
        return whole([], one, now)  # a hub made before there was a history
    return whole([Entry(**row) for row in found.to_arrow_table().to_pylist()], one, now)


def write(
    con: duckdb.DuckDBPyConnection,
    changes: Sequence[Change],
    now: datetime,
    clock: datetime | None = None,
) -> None:
    """Keep changed incidents, what happened to them, and an alert for each that people are told of.

    clock: the time of the data, where the hub has a clock of its own.
    """
    if not changes:
        return
    _remember(con, changes, now, clock)
    rows = [{**asdict(c.incident), "echoes": list(c.incident.echoes)} for c in changes]
    con.register("changed", pa.Table.from_pylist(rows, schema=_SCHEMA))
    con.execute(
        f"delete from {INCIDENT} where incident_id in (select incident_id from changed)"  # noqa: S608
    )
    con.execute(f"insert into {INCIDENT} by name from changed")
    con.unregister("changed")
    told = [
        {
            "alert_id": f"{change.incident.incident_id}-{change.event}-{now:%Y%m%dT%H%M%SZ}",
            "incident_id": change.incident.incident_id,
            "event": change.event,
            "status": "waiting",
            "attempts": 0,
            "created_at": now,
            "next_at": now,
        }
        for change in changes
        if change.event is not None
    ]
    add_alerts(con, told)


def _remember(
    con: duckdb.DuckDBPyConnection,
    changes: Sequence[Change],
    now: datetime,
    clock: datetime | None,
) -> None:
    """Add to the history what the changes mean; what stands there already is not added again."""
    ids = [change.incident.incident_id for change in changes]
    known = {one.incident_id: one for one in listed(con, "list_contains(?, incident_id)", [ids])}
    entries = [
        asdict(entry) | {"clock_at": clock}
        for change in changes
        for entry in happened(known.get(change.incident.incident_id), change.incident, now)
    ]
    if entries:
        con.register("entries", pa.Table.from_pylist(entries, schema=_HISTORY_SCHEMA))
        # A snooze that somebody ended ends by itself at the same instant.
        con.execute(
            f"insert into {HISTORY} by name from entries "
            f"anti join {HISTORY} using (incident_id, happened_at, kind)"
        )
        con.unregister("entries")


def add_alerts(con: duckdb.DuckDBPyConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append rows to the outbox; within the caller's transaction."""
    if rows:
        con.register("told", pa.Table.from_pylist(list(map(dict, rows)), schema=_ALERT_SCHEMA))
        con.execute(f"insert into {ALERT} by name from told")
        con.unregister("told")


def change(
    hub: Hub, what: Callable[[list[Incident]], Sequence[Change]], now: datetime, purpose: str
) -> None:
    """Change the incidents that stand, in a commit of its own."""
    lock = hub.lake.lock(hub.settings.lock_timeout_s, purpose)
    with lock, hub.lake.connect() as con:
        con.execute("begin")
        provide(con)
        write(con, what(standing(con)), now, hub.settings.now)
        hub.lake.commit(con)
