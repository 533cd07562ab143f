"""Write down what receivers answered: the action's end, its claims, the breakers."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import duckdb

from decisions.policies import Policies
from orchestration.acting import audit, claims
from orchestration.acting.answers import Answer
from orchestration.acting.breakers import BY_ITSELF, Breakers
from orchestration.acting.sheet import Sheet
from orchestration.hub import Hub


def settle(hub: Hub, terms: Policies, answered: Sequence[tuple[Mapping[str, Any], Answer]]) -> None:
    """Settle what was sent, in one transaction."""
    lock = hub.lake.lock(hub.settings.lock_timeout_s, "settle actions")
    with lock, hub.lake.connect() as con:
        con.execute("begin")
        settling = _Settling(con, terms, hub.settings.clock(), [action for action, _ in answered])
        for action, answer in answered:
            settling.settle(action, answer)
        settling.write()
        hub.lake.commit(con)


class _Settling:
    """What answers change, at one instant."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        terms: Policies,
        now: datetime,
        actions: Sequence[Mapping[str, Any]],
    ) -> None:
        self._con, self._terms, self._now = con, terms.outbox, now
        keys = [action["idempotency_key"] for action in actions]
        self._sheet = Sheet(con, [*keys, *(key for a in actions for key in a["after"] or ())])
        self._breakers = Breakers(con, terms, now)
        self._log = audit.Log(con)
        self._returned: list[str] = []

    def settle(self, action: Mapping[str, Any], answer: Answer) -> None:
        """Take in an answer."""
        system = f"system:{action['target_system']}"
        others = [scope for scope in action["scopes"] if scope != system]
        reason = answer.reason or "no reason given"
        if answer.outcome == "accepted":
            self._breakers.observe([system, *others], is_clean=True)
            self._sheet.change(
                action, status="accepted", reference=answer.reference, settled_at=self._now,
                last_error=None,
            )  # fmt: skip
            self._note(action, "accepted", answer.reference)
        elif answer.outcome == "refused":
            # Whoever says no is there: what it said no to is the job's, the node's, the carrier's.
            self._breakers.observe([system], is_clean=True)
            self._breakers.observe(others, is_clean=False, what=reason)
            self._returned.append(action["idempotency_key"])
            self._end(action, "refused", reason)
        else:
            self._breakers.observe([system], is_clean=False, what=reason)
            if self._now - action["first_sent_at"] >= self._terms.give_up_after:
                # It may have been taken: what it claimed stays claimed until a release tells.
                self._end(action, "failed", reason)
                return
            wait = timedelta(seconds=answer.after_s or 0) or min(
                self._terms.first_wait * 2 ** min(action["attempts"] - 1, 20),
                self._terms.longest_wait,
            )
            self._sheet.change(action, last_error=reason, next_at=self._now + wait)

    def write(self) -> None:
        """Keep it all."""
        claims.give_back(self._con, self._returned)
        self._breakers.write(self._con, self._log)
        self._sheet.write()
        self._log.write()

    def _end(self, action: Mapping[str, Any], status: str, reason: str) -> None:
        self._sheet.end(action, status, reason, self._now)
        self._note(action, status, reason)

    def _note(self, action: Mapping[str, Any], what: str, said: str | None) -> None:
        detail = {"key": action["idempotency_key"], "job": action["job"], "said": said}
        self._log.add(
            f"action.{what}", action["action_uid"], actor=BY_ITSELF, at=self._now, detail=detail
        )
