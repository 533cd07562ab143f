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
from orchestration.incidents import Change, Incident

INCIDENT = "lake.hub.incident"
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
    """Create the two tables where they are missing; within the caller's transaction."""
    con.execute("create schema if not exists lake.hub")
    for name, schema in ((INCIDENT, _SCHEMA), (ALERT, _ALERT_SCHEMA)):
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


def write(con: duckdb.DuckDBPyConnection, changes: Sequence[Change], now: datetime) -> None:
    """Keep changed incidents, and an alert for each that people are told of."""
    if not changes:
        return
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
        write(con, what(standing(con)), now)
        hub.lake.commit(con)
