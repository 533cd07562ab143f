"""Where a person is asked before a decision becomes deeds.

A checkpoint is bound to the bytes of the actions that it holds: its uid derives from job, subject
and their hash. Decided again with the same bytes it stays the same checkpoint, so nobody is asked
twice and no answer carries over to anything else.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import duckdb

from decisions import RunResult
from decisions.policies import CheckpointTerms
from decisions.record import fingerprint
from orchestration import decision_tables
from orchestration.acting import audit
from orchestration.acting.checkpoint import (
    TABLE,
    Checkpoint,
    CheckpointError,
    Verdict,
    found,
    hash_of_decision,
    listed,
    payload_hash,
    write,
)
from orchestration.acting.sheet import TABLE as OUTBOX
from orchestration.hub import Hub

POLICY = "policy"


def ask(
    con: duckdb.DuckDBPyConnection, result: RunResult, terms: CheckpointTerms, now: datetime
) -> None:
    """Open a checkpoint for each held decision of a run that was just written.

    One that is open already for the same bytes goes on with its own expiry; an answer that was
    given to the same bytes is applied at once. What the job asked before and asks no more is
    superseded. Within the caller's transaction.
    """
    run = result.header
    held: dict[str, list[dict[str, Any]]] = {}
    waiting = con.execute(
        f"select * from {OUTBOX} where run_uid = ? and status = 'held'",  # noqa: S608
        [run.run_uid],
    ).to_arrow_table()
    for action in waiting.to_pylist():
        held.setdefault(action["decision_uid"], []).append(action)
    decided = {row["decision_uid"]: row for row in result.decision.to_pylist()}
    before = {c.checkpoint_uid: c for c in listed(con, "job = ?", [run.job])}
    opened, kept = [], set()
    for decision_uid, actions in held.items():
        decision = decided[decision_uid]
        bytes_of = payload_hash(actions)
        uid = fingerprint("checkpoint", run.job, decision["subject_uid"], bytes_of)
        kept.add(uid)
        known = before.get(uid)
        # Superseded or expired, it was never answered: asked again, it is a new question.
        if known is not None and known.status not in ("superseded", "expired"):
            _carry_over(con, known, run.run_uid, decision_uid)
            continue
        one = Checkpoint(
            checkpoint_uid=uid,
            job=run.job,
            run_uid=run.run_uid,
            decision_uid=decision_uid,
            subject=decision["subject_label"],
            triggers=tuple(decision["reason_codes"]),
            evidence=decision["summary"],
            payload_hash=bytes_of,
            keys=tuple(sorted(action["idempotency_key"] for action in actions)),
            # What was said of a part of it before it was superseded stands.
            approved=known.approved if known is not None else (),
            rejected=known.rejected if known is not None else (),
            status="open",
            opened_at=now,
            expires_at=now + terms.expires_after,
            on_expiry=terms.on_expiry,
            decided_by=None,
            decided_at=None,
            reason=None,
        )
        opened.append(one)
    write(con, opened)
    for one in opened:
        _release(con, one, one.keys, "held")
        _release(con, one, one.approved, "proposed")
        _release(con, one, one.rejected, "rejected")
    _log(con, opened, "opened", now)
    gone = [uid for uid, c in before.items() if c.status == "open" and uid not in kept]
    con.execute(
        f"update {TABLE} set status = 'superseded', decided_at = ? "  # noqa: S608
        "where list_contains(?, checkpoint_uid)",
        [now, gone],
    )
    _log(con, [before[uid] for uid in gone], "superseded", now)


def _carry_over(
    con: duckdb.DuckDBPyConnection, known: Checkpoint, run_uid: str, decision_uid: str
) -> None:
    con.execute(
        f"update {TABLE} set run_uid = ?, decision_uid = ? where checkpoint_uid = ?",  # noqa: S608
        [run_uid, decision_uid, known.checkpoint_uid],
    )
    one = replace(known, decision_uid=decision_uid)
    _release(con, one, one.approved, "proposed")
    _release(con, one, one.rejected, "rejected")
    _release(con, one, one.unanswered, "held")


def answer(
    hub: Hub, uid: str, verdict: Verdict, *, by: str, reason: str, only: Sequence[str] = ()
) -> Checkpoint:
    """Approve or reject a checkpoint, or `only` some of its actions, by the starts of their keys.

    What `only` leaves out stays open. Raises CheckpointError where it is not open, has expired, or
    its actions are no longer the bytes that were asked about.
    """
    if not by.strip() or not reason.strip():
        raise CheckpointError("Say who you are (--by) and why (--reason): both are kept.")
    lock = hub.lake.lock(hub.settings.lock_timeout_s, "answer a checkpoint")
    with lock, hub.lake.connect() as con:
        con.execute("begin")
        decision_tables.provide(con)
        now = hub.settings.clock()
        one = found(con, uid)
        _refuse_unless_open(one, now)
        _refuse_other_bytes(con, one)
        answered = _answered(con, one, verdict, _named(one, only), by, reason, now)
        hub.lake.commit(con)
    return answered


def expire(con: duckdb.DuckDBPyConnection, now: datetime) -> list[Checkpoint]:
    """Answer as policy says what nobody answered in time; within the caller's transaction."""
    return [
        _answered(con, one, one.on_expiry, one.unanswered, POLICY, "nobody answered in time", now)
        for one in listed(con, "status = 'open' and expires_at <= ?", [now])
    ]


def _refuse_unless_open(one: Checkpoint, now: datetime) -> None:
    if one.status != "open":
        by = f" by {one.decided_by}" if one.decided_by else ""
        raise CheckpointError(f"Checkpoint {one.checkpoint_uid} is {one.status}{by}, not open.")
    if one.expires_at <= now:
        raise CheckpointError(
            f"Checkpoint {one.checkpoint_uid} expired at {one.expires_at:%Y-%m-%d %H:%M} UTC; what "
            f"counts as said then is: {one.on_expiry}."
        )


def _refuse_other_bytes(con: duckdb.DuckDBPyConnection, one: Checkpoint) -> None:
    if hash_of_decision(con, one.decision_uid, one.keys) != one.payload_hash:
        raise CheckpointError(
            f"What checkpoint {one.checkpoint_uid} asked about is not what the outbox holds now. "
            "Nothing of it is sent. `crossdock decide` decides and asks anew."
        )


def _named(one: Checkpoint, only: Sequence[str]) -> tuple[str, ...]:
    if not only:
        return one.unanswered
    named = []
    for start in only:
        matches = [key for key in one.unanswered if key.startswith(start)]
        if len(matches) != 1:
            keys = ", ".join(key[:8] for key in one.unanswered)
            problem = "names several" if matches else "names no unanswered"
            raise CheckpointError(f"'{start}' {problem} action of this checkpoint: {keys}.")
        named.append(matches[0])
    return tuple(named)


def _answered(
    con: duckdb.DuckDBPyConnection,
    one: Checkpoint,
    verdict: Verdict,
    keys: Sequence[str],
    by: str,
    reason: str,
    now: datetime,
) -> Checkpoint:
    is_late = by == POLICY
    if verdict == "approve":
        one = replace(one, approved=(*one.approved, *keys))
        _release(con, one, keys, "proposed")
    elif is_late:
        _release(con, one, keys, "expired")
    else:
        one = replace(one, rejected=(*one.rejected, *keys))
        _release(con, one, keys, "rejected")
    if not one.unanswered:
        one = replace(one, status="approved" if one.approved else "rejected")
    elif is_late:
        one = replace(one, status="expired")
    one = replace(one, decided_by=by, decided_at=now, reason=reason)
    write(con, [one])
    detail = {"reason": reason, "payload_hash": one.payload_hash, "keys": list(keys)}
    kind = f"checkpoint.{verdict}" + (".on_expiry" if is_late else "")
    log = audit.Log(con)
    log.add(kind, one.checkpoint_uid, actor=by, at=now, detail=detail)
    log.write()
    return one


def _release(
    con: duckdb.DuckDBPyConnection, one: Checkpoint, keys: Sequence[str], status: str
) -> None:
    con.execute(
        f"update {OUTBOX} set status = ?, checkpoint_uid = ? where decision_uid = ? "  # noqa: S608
        "and status = 'held' and list_contains(?, idempotency_key)",
        [status, one.checkpoint_uid, one.decision_uid, list(keys)],
    )


def _log(
    con: duckdb.DuckDBPyConnection, checkpoints: Sequence[Checkpoint], what: str, now: datetime
) -> None:
    log = audit.Log(con)
    for one in checkpoints:
        detail = {"job": one.job, "subject": one.subject, "payload_hash": one.payload_hash}
        log.add(f"checkpoint.{what}", one.checkpoint_uid, actor=POLICY, at=now, detail=detail)
    log.write()
