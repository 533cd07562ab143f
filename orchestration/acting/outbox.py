"""Send what was decided: at least once, under a key by which each receiver takes it once.

An action is claimed (`sending`) in one transaction, sent outside of any, and settled in another. A
kill in between leaves it `sending`, and the next sender sends it again under the same key. What
has been sent is never superseded: only its receiver knows whether it was taken.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from decisions.policies import Policies
from orchestration import decision_tables, judging
from orchestration.acting import checkpoint, checkpoints, own_breakers, webhook, x12_940
from orchestration.acting.answers import Answer
from orchestration.acting.policies import policies
from orchestration.acting.readiness import Readiness
from orchestration.acting.settling import settle
from orchestration.acting.sheet import COLUMNS, TABLE
from orchestration.acting.systems import Own, System, Systems, Webhook, systems
from orchestration.acting.watch import watch
from orchestration.hub import Hub
from warehouse.release import is_blocking

STATUSES = (
    *("proposed", "held", "sending", "accepted", "refused", "failed", "conflict", "duplicate"),
    *("rejected", "expired", "superseded", "undone"),
)
# Claimed at once: what a kill leaves unsure.
_BATCH = 200
_DUE = f"""
    select outbox.*, runs.job, runs.release_id, runs.as_of
    from {TABLE} as outbox
    inner join lake.decisions.decision_run as runs on outbox.run_uid = runs.run_uid
    left join lake.decisions.decision as decisions on outbox.decision_uid = decisions.decision_uid
    where outbox.status = 'proposed'
        or (outbox.status = 'sending' and (outbox.next_at is null or outbox.next_at <= ?))
    order by outbox.status desc, runs.as_of, decisions.sequence, outbox.action_uid
"""  # noqa: S608


@dataclass(frozen=True)
class Sent:
    """What became of one action that was sent; `answer` is its receiver's."""

    action: Mapping[str, Any]
    answer: Answer


def send(hub: Hub) -> list[Sent]:
    """Send all that may be sent now, and return what became of it.

    Expired checkpoints get the answer that policy has for them first, and decisions that nobody has
    judged against their contract are judged; people are told of what is stopped or waits for them
    at the end. Another process that sends meanwhile leaves nothing to do here. Raises SystemsError,
    DecisionError, ContractError where a list of systems or policies cannot be read; then nothing
    is sent.
    """
    terms, known = policies(hub.settings), systems(hub.settings)
    sent: list[Sent] = []
    try:
        with FileLock(hub.settings.home / "outbox.lock").acquire(timeout=0):
            _expire(hub)
            broken = _broken(hub)
            while batch := _claimed(hub, terms, known, broken):
                done = [Sent(action, _deliver(hub, terms, action, known)) for action in batch]
                settle(hub, terms, [(one.action, one.answer) for one in done])
                sent += done
            watch(hub)
    except Timeout:
        return []
    return sent


def listed(con: duckdb.DuckDBPyConnection, statuses: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Return the outbox, newest run first; of the given statuses, or all that is not superseded."""
    try:
        found = con.execute(
            f"select outbox.*, runs.job, runs.release_id from {TABLE} as outbox "  # noqa: S608
            "inner join lake.decisions.decision_run as runs on outbox.run_uid = runs.run_uid "
            "where case when len(?) = 0 then outbox.status <> 'superseded' "
            "else list_contains(?, outbox.status) end "
            "order by runs.as_of desc, outbox.target_system, outbox.action_uid",
            [list(statuses), list(statuses)],
        )
    except duckdb.CatalogException:
        return []
    # A hub of before a column was there has none of it.
    return [dict.fromkeys(COLUMNS) | row for row in found.to_arrow_table().to_pylist()]


def of_decision(con: duckdb.DuckDBPyConnection, decision_uid: str) -> list[dict[str, Any]]:
    """Return the actions of a decision, whatever became of them."""
    rows: list[dict[str, Any]] = (
        con.execute(
            f"select * from {TABLE} where decision_uid = ? order by action_uid",  # noqa: S608
            [decision_uid],
        )
        .to_arrow_table()
        .to_pylist()
    )
    return rows


def due(con: duckdb.DuckDBPyConnection, now: datetime) -> list[dict[str, Any]]:
    """Return what may be sent as far as its own state goes: retries first, then run by run."""
    try:
        rows: list[dict[str, Any]] = con.execute(_DUE, [now]).to_arrow_table().to_pylist()
    except (duckdb.CatalogException, duckdb.BinderException):
        return []  # nothing was ever decided, or by a version that sent nothing
    return rows


def _expire(hub: Hub) -> None:
    now = hub.settings.clock()
    with hub.lake.connect(read_only=True) as con:
        if not checkpoint.listed(con, "status = 'open' and expires_at <= ?", [now]):
            return
    lock = hub.lake.lock(hub.settings.lock_timeout_s, "expire checkpoints")
    with lock, hub.lake.connect() as con:
        con.execute("begin")
        checkpoints.expire(con, now)
        hub.lake.commit(con)


def _broken(hub: Hub) -> str | None:
    """Say which rule the recorded decisions break; judge them if nobody has since the last run."""
    with hub.lake.connect(read_only=True) as con:
        recorded = [row["recorded_at"] for row in due(con, hub.settings.clock())]
    if not any(recorded):
        return None
    began = max(filter(None, recorded))
    blocking = [row for row in judging.rows_since(hub, "decisions", began) if is_blocking(row)]
    return str(blocking[0]["message"]) if blocking else None


def _claimed(hub: Hub, terms: Policies, known: Systems, broken: str | None) -> list[dict[str, Any]]:
    """Claim the next actions that nothing stands against, in one transaction."""
    with hub.lake.connect(read_only=True) as con:
        if not due(con, hub.settings.clock()):
            return []
    lock = hub.lake.lock(hub.settings.lock_timeout_s, "claim actions")
    with lock, hub.lake.connect() as con:
        con.execute("begin")
        decision_tables.provide(con)
        rows = due(con, hub.settings.clock())
        ready = Readiness(hub, con, terms, known, rows, broken)
        batch = list(_ready(ready, rows))
        ready.write()
        hub.lake.commit(con)
    return batch


def _ready(ready: Readiness, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    taken = 0
    for action in rows:
        if taken < _BATCH and ready.is_taken(action):
            taken += 1
            yield action


def _deliver(hub: Hub, terms: Policies, action: Mapping[str, Any], known: Systems) -> Answer:
    system: System = known.reached[action["target_system"]]
    if isinstance(system.way, Own):
        return own_breakers.send(hub, terms, action)
    if isinstance(system.way, Webhook):
        return webhook.send(action, system.way)
    return x12_940.send(action, system.way)
