"""Whether an action may be sent now: gate, breakers, checkpoint, repeats, order, claims.

All of it is asked under the lake's lock, in the transaction that marks the action as being sent.
"""

from datetime import datetime
from typing import Any

import duckdb

from decisions.policies import Policies
from decisions.record import fingerprint
from orchestration import gate
from orchestration.acting import audit, claims, ending
from orchestration.acting.breakers import BY_ITSELF, Breakers
from orchestration.acting.checkpoint import listed, payload_hash
from orchestration.acting.systems import Systems
from orchestration.gate import Standing
from orchestration.hub import Hub

_OUTBOX = "lake.decisions.action_outbox"
_TAKEN = ("sending", "accepted", "undone")


class Readiness:
    """What stands against actions at one instant; within the caller's transaction."""

    def __init__(
        self,
        hub: Hub,
        con: duckdb.DuckDBPyConnection,
        terms: Policies,
        known: Systems,
        broken: str | None,
    ) -> None:
        """Look at it all. `broken` is the rule that the recorded decisions break, if they do."""
        self.now: datetime = hub.settings.clock()
        self._hub, self._con, self._terms, self._known = hub, con, terms, known
        self._broken = broken
        self._breakers = Breakers(con, terms, self.now)
        self._standing: dict[str, Standing] = {}
        self._claims: claims.Claims | None = None
        self._on_their_way: dict[str, int] = {}
        self._file_no = _scalar(con, f"select coalesce(max(file_no), 0) from {_OUTBOX}")  # noqa: S608

    def is_taken(self, action: dict[str, Any]) -> bool:
        """Mark an action as being sent if nothing stands against it; else write down what does."""
        if not self._is_as_decided(action):
            reason = "its bytes are not those that were decided"
            self._breakers.trip(f"job:{action['job']}", f"an action was altered: {reason}")
            self._end(action, "conflict", reason)
        elif repeat := self._repeats(action):
            self._end(action, *repeat)
        elif waits_for := self._waits_for(action):
            self._wait(action, waits_for)
        elif (failed := self._failed_before(action)) is not None:
            self._end(action, "conflict", f"what had to come first ended as {failed}")
        elif action["status"] == "proposed" and (excess := self._too_much(action)) is not None:
            self._end(action, "conflict", excess)
        else:
            self._take(action)
            return True
        return False

    def write(self) -> None:
        """Keep what became of the breakers."""
        self._breakers.write(self._con)

    def _is_as_decided(self, action: dict[str, Any]) -> bool:
        if fingerprint("payload", action["payload"]) != action["payload_hash"]:
            return False
        if action["checkpoint_uid"] is None:
            return True
        asked = listed(self._con, "checkpoint_uid = ?", [action["checkpoint_uid"]])
        if not asked or action["idempotency_key"] not in asked[0].approved:
            return False
        rows = self._con.execute(
            f"select * from {_OUTBOX} where decision_uid = ?",  # noqa: S608
            [action["decision_uid"]],
        ).to_arrow_table()
        return payload_hash(rows.to_pylist()) == asked[0].payload_hash

    def _repeats(self, action: dict[str, Any]) -> tuple[str, str] | None:
        """Return how an action ends that another run sent already, and why."""
        rows = self._con.execute(
            f"select status, last_error from {_OUTBOX} where idempotency_key = ? "  # noqa: S608
            "and action_uid <> ? and status in ('sending', 'accepted', 'undone', 'refused')",
            [action["idempotency_key"], action["action_uid"]],
        ).fetchall()
        for status, error in rows:
            if status in _TAKEN:
                return "duplicate", f"a run before sent it: {status}"
            return "refused", f"a run before sent it: {error}"
        return None

    def _waits_for(self, action: dict[str, Any]) -> str | None:
        system = action["target_system"]
        if system not in self._known.reached:
            return self._known.why_not(system)
        is_undo = action["compensates"] is not None
        if not is_undo:
            if self._broken is not None:
                return f"Recorded decisions break their contract: {self._broken}"
            now = self._of(action["job"])
            if not now.is_open or now.release is None:
                return now.reasons[0]
            if action["status"] == "proposed" and now.release.release_id != action["release_id"]:
                return (
                    f"Decided on {action['release_id']}, the newest is {now.release.release_id}: "
                    "`crossdock decide` decides anew."
                )
        scopes = [f"system:{system}"] if is_undo else action["scopes"]
        if (stopped := self._breakers.stopping(scopes, self._on_their_way)) is not None:
            state = "probed" if stopped.state == "half_open" else "open"
            return f"The breaker of {stopped.scope} is {state}: {stopped.reason}."
        for earlier in action["after"] or ():
            status = self._status_of(earlier)
            if status not in ("accepted", *ending.ENDED):
                return f"{earlier[:8]} must be accepted first; it is {status}."
        return None

    def _failed_before(self, action: dict[str, Any]) -> str | None:
        for earlier in action["after"] or ():
            if (status := self._status_of(earlier)) != "accepted":
                return status
        return None

    def _status_of(self, key: str) -> str:
        """How far the action of a key is, as the one of its rows that got furthest."""
        rows = self._con.execute(
            f"select status from {_OUTBOX} where idempotency_key = ? "  # noqa: S608
            "order by list_position(?, status) nulls last",
            [key, ["accepted", "sending", "proposed", "held"]],
        ).fetchone()
        return str(rows[0]) if rows else "unknown"

    def _too_much(self, action: dict[str, Any]) -> str | None:
        if self._claims is None:
            self._claims = claims.Claims(self._con, self.now, self._shown(action["job"]))
        return self._claims.too_much(action)

    def _shown(self, job: str) -> list[str]:
        """Return the keys of standing claims whose shipment the job's release has."""
        release = self._of(job).release
        keys = claims.standing_keys(self._con)
        if release is None or not keys:
            return []
        rows = self._con.execute(
            f"select idempotency_key, payload ->> 'shipment_no' from {_OUTBOX} "  # noqa: S608
            "where status = 'accepted' and list_contains(?, idempotency_key)",
            [keys],
        ).fetchall()
        numbers = {number: key for key, number in rows if number is not None}
        if not numbers:
            return []
        with self._hub.releases.open(release.release_id) as con:
            seen = con.execute(
                "select distinct fo_no from canonical.fulfilment_order "
                "where list_contains(?, fo_no)",
                [list(numbers)],
            ).fetchall()
        return [numbers[row[0]] for row in seen]

    def _of(self, job: str) -> Standing:
        if job not in self._standing:
            self._standing[job] = gate.standing(self._hub, job)
        return self._standing[job]

    def _take(self, action: dict[str, Any]) -> None:
        if action["status"] == "proposed" and self._claims is not None:
            self._claims.take(action, self.now + self._terms.outbox.reserve_for)
        if action["file_no"] is None:
            self._file_no += 1
            action["file_no"] = self._file_no
        for scope in action["scopes"]:
            self._on_their_way[scope] = self._on_their_way.get(scope, 0) + 1
        action["attempts"] = (action["attempts"] or 0) + 1
        action["first_sent_at"] = action["first_sent_at"] or self.now
        self._con.execute(
            f"update {_OUTBOX} set status = 'sending', attempts = ?, file_no = ?, "  # noqa: S608
            "first_sent_at = ?, next_at = null, waits_for = null where action_uid = ?",
            [action["attempts"], action["file_no"], action["first_sent_at"], action["action_uid"]],
        )

    def _wait(self, action: dict[str, Any], waits_for: str) -> None:
        if action["waits_for"] != waits_for:
            self._con.execute(
                f"update {_OUTBOX} set waits_for = ? where action_uid = ?",  # noqa: S608
                [waits_for, action["action_uid"]],
            )

    def _end(self, action: dict[str, Any], status: str, reason: str) -> None:
        ending.end(self._con, action, status, reason, self.now)
        detail = {"key": action["idempotency_key"], "job": action["job"], "reason": reason}
        audit.append(
            self._con, f"action.{status}", action["action_uid"], actor=BY_ITSELF, at=self.now,
            detail=detail,
        )  # fmt: skip


def _scalar(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0
