"""Write down what receivers answered: the action's end, its claims, the breakers."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import duckdb

from decisions.policies import OutboxTerms, Policies
from orchestration.acting import audit, claims, ending
from orchestration.acting.answers import Answer
from orchestration.acting.breakers import BY_ITSELF, Breakers
from orchestration.hub import Hub

_OUTBOX = "lake.decisions.action_outbox"


def settle(hub: Hub, terms: Policies, answered: Sequence[tuple[Mapping[str, Any], Answer]]) -> None:
    """Settle what was sent, in one transaction."""
    now = hub.settings.clock()
    lock = hub.lake.lock(hub.settings.lock_timeout_s, "settle actions")
    with lock, hub.lake.connect() as con:
        con.execute("begin")
        breakers = Breakers(con, terms, now)
        for action, answer in answered:
            _settle(con, terms.outbox, breakers, dict(action), answer, now)
        breakers.write(con)
        hub.lake.commit(con)


def _settle(
    con: duckdb.DuckDBPyConnection,
    terms: OutboxTerms,
    breakers: Breakers,
    action: dict[str, Any],
    answer: Answer,
    now: datetime,
) -> None:
    system = f"system:{action['target_system']}"
    others = [scope for scope in action["scopes"] if scope != system]
    reason = answer.reason or "no reason given"
    if answer.outcome == "accepted":
        breakers.observe([system, *others], is_clean=True)
        con.execute(
            f"update {_OUTBOX} set status = 'accepted', reference = ?, settled_at = ?, "  # noqa: S608
            "last_error = null where action_uid = ?",
            [answer.reference, now, action["action_uid"]],
        )
        _log(con, action, "accepted", answer.reference, now)
    elif answer.outcome == "refused":
        # Whoever says no is there: what it said no to is the job's, the node's, the carrier's.
        breakers.observe([system], is_clean=True)
        breakers.observe(others, is_clean=False, what=reason)
        claims.give_back(con, action["idempotency_key"])
        ending.end(con, action, "refused", reason, now)
        _log(con, action, "refused", reason, now)
    else:
        breakers.observe([system], is_clean=False, what=reason)
        if now - action["first_sent_at"] >= terms.give_up_after:
            # It may have been taken: what it claimed stays claimed until a release tells.
            ending.end(con, action, "failed", reason, now)
            _log(con, action, "failed", reason, now)
            return
        wait = timedelta(seconds=answer.after_s or 0) or min(
            terms.first_wait * 2 ** min(action["attempts"] - 1, 20), terms.longest_wait
        )
        con.execute(
            f"update {_OUTBOX} set last_error = ?, next_at = ? where action_uid = ?",  # noqa: S608
            [reason, now + wait, action["action_uid"]],
        )


def _log(
    con: duckdb.DuckDBPyConnection,
    action: Mapping[str, Any],
    what: str,
    said: str | None,
    now: datetime,
) -> None:
    detail = {"key": action["idempotency_key"], "job": action["job"], "said": said}
    audit.append(
        con, f"action.{what}", action["action_uid"], actor=BY_ITSELF, at=now, detail=detail
    )
