"""Send what is to be told of incidents: at least once each, in order, to the same people.

Nothing is sent inside a transaction. A kill between a message's taking and the note that it was
taken repeats it, under the same id, which is what receivers drop repeats by. What waits for a
target when its incident ends is told by the message of the end.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from orchestration import incident_store, telling
from orchestration.alerts.alert import Alert
from orchestration.alerts.routes import Routes, routes
from orchestration.alerts.senders import NotDelivered, deliver
from orchestration.hub import Hub
from orchestration.incident_store import ALERT

# How long a target that does not answer is tried, and the longest wait between two tries.
GIVEN_UP = timedelta(days=3)
LONGEST = timedelta(hours=1)
FIRST = timedelta(seconds=30)
FOLDED = "folded"  # what the message of its incident's end stands for


@dataclass(frozen=True)
class Sent:
    """What became of one message; ``error`` says why it was not taken."""

    alert_id: str
    target: str
    event: str
    error: str | None = None


def send(hub: Hub, *, now: datetime | None = None) -> list[Sent]:
    """Send all that is due, and return what became of each message.

    Another process that sends meanwhile leaves nothing to do here. Raises RoutesError where the
    list of channels cannot be read; what waits goes on waiting.
    """
    told = routes(hub.settings)
    try:
        with FileLock(hub.settings.home / "alerts.lock").acquire(timeout=0):
            _address(hub, told)
            _fold(hub)
            return list(_sent(hub, told, now or datetime.now(UTC)))
    except Timeout:
        return []


def waiting(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the alerts that are not sent, oldest first, with why."""
    try:
        found = con.execute(
            f"select * from {ALERT} where status in ('waiting', 'failed') "  # noqa: S608
            "order by created_at, alert_id, target"
        )
    except duckdb.CatalogException:
        return []
    rows: list[dict[str, Any]] = found.to_arrow_table().to_pylist()
    return rows


def unheard(hub: Hub) -> int:
    """Return of how many incidents nobody could be told, as no channel is set for them."""
    with hub.lake.connect(read_only=True) as con:
        return len({row["incident_id"] for row in waiting(con) if row["target"] is None})


def history(hub: Hub, incident_id: str) -> list[str]:
    """Return what was told of an incident, to whom and when, a line a message."""
    with hub.lake.connect(read_only=True) as con:
        try:
            rows = con.execute(
                f"select event, target, status, sent_at, created_at, last_error from {ALERT} "  # noqa: S608
                "where incident_id = ? order by created_at, target",
                [incident_id],
            ).fetchall()
        except duckdb.CatalogException:
            return []
    said = []
    for event, target, status, sent_at, created_at, error in rows:
        if target is None:
            said.append(f"{event}: nobody yet; channels.yaml names no target")
        elif status == FOLDED:
            said.append(f"{event}: {target}, could not be sent, so the end tells it")
        elif status == "sent":
            said.append(f"{event}: {target}, {sent_at:%Y-%m-%d %H:%M} UTC")
        else:
            why = f": {error}" if error else ""
            said.append(f"{event}: {target}, {status} since {created_at:%m-%d %H:%M}{why}")
    return said


def _address(hub: Hub, told: Routes) -> None:
    """Turn what has no target yet into a row a target; what has none waits for one."""
    with hub.lake.connect(read_only=True) as con:
        unaddressed = [row for row in waiting(con) if row["target"] is None]
        if not unaddressed:
            return
        known = {
            one.incident_id: one
            for one in incident_store.listed(
                con, "list_contains(?, incident_id)", [[row["incident_id"] for row in unaddressed]]
            )
        }
        before: dict[str, list[str]] = {}
        for incident_id, target in con.execute(
            f"select distinct incident_id, target from {ALERT} where target is not null "  # noqa: S608
            "order by all"
        ).fetchall():
            before.setdefault(incident_id, []).append(target)
    added, gone = [], []
    for row in unaddressed:
        one = known[row["incident_id"]]
        # The end is told to those who were told of the beginning.
        targets = before.get(one.incident_id, [])
        if not targets and row["event"] != "resolved":
            targets = [target.key for target in told.to(one.channel, one.owner)]
        if targets:
            about = telling.alert(hub, one, row["alert_id"], row["event"], row["created_at"])
            payload = about.to_json()
            before[one.incident_id] = targets
            added += [{**row, "target": key, "payload": payload} for key in targets]
            gone.append(row["alert_id"])
        elif one.status == "resolved":
            gone.append(row["alert_id"])  # it is over, and nobody heard of it
    _write(hub, gone, added)


def _fold(hub: Hub) -> None:
    """Let the end of an incident tell what of it did not arrive before: it is no news any more.

    Who never heard that it broke hears both in one message, and not first of a break as if it
    were now. That message waits as long as what it stands for: the receiver is the same.
    """
    with hub.lake.connect(read_only=True) as con:
        rows = [row for row in waiting(con) if row["target"] and row["status"] == "waiting"]
    ends = {_pair(row): row for row in rows if row["event"] == "resolved"}
    folded = [row for row in rows if row["event"] != "resolved" and _pair(row) in ends]
    if not folded:
        return
    lock = hub.lake.lock(hub.settings.lock_timeout_s, "fold alerts")
    with lock, hub.lake.connect() as con:
        con.execute("begin")
        for row in folded:
            end = ends[_pair(row)]
            end |= {name: max(end[name], row[name]) for name in ("next_at", "attempts")}
            _update(con, row, status=FOLDED)
        for end in {_pair(row): ends[_pair(row)] for row in folded}.values():
            _update(con, end, next_at=end["next_at"], attempts=end["attempts"])
        hub.lake.commit(con)


def _pair(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["incident_id"], row["target"]


def _update(con: duckdb.DuckDBPyConnection, row: Mapping[str, Any], **values: Any) -> None:
    """Change one message in the outbox; within the caller's transaction."""
    changed = ", ".join(f"{name} = ?" for name in values)
    con.execute(
        f"update {ALERT} set {changed} where alert_id = ? and target = ?",  # noqa: S608
        [*values.values(), row["alert_id"], row["target"]],
    )


def _write(hub: Hub, gone: Sequence[str], added: Sequence[dict[str, Any]]) -> None:
    if not gone:
        return
    lock = hub.lake.lock(hub.settings.lock_timeout_s, "address alerts")
    with lock, hub.lake.connect() as con:
        con.execute("begin")
        con.execute(
            f"delete from {ALERT} where target is null and list_contains(?, alert_id)",  # noqa: S608
            [list(gone)],
        )
        incident_store.add_alerts(con, added)
        hub.lake.commit(con)


def _sent(hub: Hub, told: Routes, now: datetime) -> Iterator[Sent]:
    """Send what is due; of one incident to one target nothing overtakes what came before."""
    with hub.lake.connect(read_only=True) as con:
        rows = [r for r in waiting(con) if r["target"] is not None and r["status"] == "waiting"]
        heard = set(
            con.execute(
                f"select distinct incident_id, target from {ALERT} where status = 'sent'"  # noqa: S608
            ).fetchall()
            if rows
            else []
        )
    held: set[tuple[str, str]] = set()
    for row in rows:
        if _pair(row) in held or row["next_at"] > now:
            held.add(_pair(row))
            continue
        is_first = row["event"] == "resolved" and _pair(row) not in heard
        done = _try(hub, told, row, now, is_first)
        (heard if done.error is None else held).add(_pair(row))
        yield done


def _try(hub: Hub, told: Routes, row: dict[str, Any], now: datetime, is_first: bool) -> Sent:
    target = told.find(row["target"])
    attempts = row["attempts"] + 1
    error, status, after = None, "sent", timedelta()
    if target is None:
        error, status = "the list of channels has no such target any more", "failed"
    else:
        about = replace(Alert.from_json(row["payload"]), sent_at=now, is_first=is_first)
        try:
            deliver(about, target)
        except NotDelivered as refused:
            error = str(refused)
            is_late = now - row["created_at"] > GIVEN_UP
            status = "failed" if refused.is_final or is_late else "waiting"
            after = timedelta(seconds=refused.after_s or 0) or min(
                FIRST * 2 ** min(attempts - 1, 20), LONGEST
            )
    lock = hub.lake.lock(hub.settings.lock_timeout_s, "note what was sent")
    with lock, hub.lake.connect() as con:
        con.execute("begin")
        _update(
            con,
            row,
            status=status,
            attempts=attempts,
            last_error=error,
            next_at=now + after,
            sent_at=now if status == "sent" else None,
        )
        hub.lake.commit(con)
    return Sent(row["alert_id"], row["target"], row["event"], error)
