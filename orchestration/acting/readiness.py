"""Whether an action may be sent now: gate, breakers, checkpoint, repeats, order, claims.

All of it is asked under the lake's lock, in the transaction that marks the action as being sent.
"""

from collections.abc import Sequence
from datetime import datetime

import duckdb

from decisions.policies import Policies
from decisions.record import fingerprint
from orchestration import gate
from orchestration.acting import audit, claims
from orchestration.acting.breakers import BY_ITSELF, Breakers
from orchestration.acting.checkpoint import hash_of_decision, listed
from orchestration.acting.sheet import ENDED, TABLE, Action, Sheet
from orchestration.acting.systems import Systems
from orchestration.gate import Standing
from orchestration.hub import Hub

_TAKEN = ("sending", "accepted", "undone")


class Readiness:
    """What stands against actions at one instant; within the caller's transaction."""

    def __init__(
        self,
        hub: Hub,
        con: duckdb.DuckDBPyConnection,
        terms: Policies,
        known: Systems,
        actions: Sequence[Action],
        broken: str | None,
    ) -> None:
        """Look at it all.

        `actions` are those that will be asked about, `broken` is the rule that the recorded
        decisions break, if they do.
        """
        self.now: datetime = hub.settings.clock()
        self._hub, self._con, self._terms, self._known = hub, con, terms, known
        self._broken = broken
        self._breakers = Breakers(con, terms, self.now)
        self._standing: dict[str, Standing] = {}
        self._claims: claims.Claims | None = None
        self._on_their_way: dict[str, int] = {}
        keys = [action["idempotency_key"] for action in actions]
        self._sheet = Sheet(con, [*keys, *(key for a in actions for key in a["after"] or ())])
        self._log = audit.Log(con)
        self._file_no = _scalar(con, f"select coalesce(max(file_no), 0) from {TABLE}")  # noqa: S608

    def is_taken(self, action: Action) -> bool:
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
        """Keep it all."""
        self._breakers.write(self._con, self._log)
        if self._claims is not None:
            self._claims.write()
        self._sheet.write()
        self._log.write()

    def _is_as_decided(self, action: Action) -> bool:
        if fingerprint("payload", action["payload"]) != action["payload_hash"]:
            return False
        if action["checkpoint_uid"] is None:
            return True
        asked = listed(self._con, "checkpoint_uid = ?", [action["checkpoint_uid"]])
        if not asked or action["idempotency_key"] not in asked[0].approved:
            return False
        kept = hash_of_decision(self._con, action["decision_uid"], asked[0].keys)
        return kept == asked[0].payload_hash

    def _repeats(self, action: Action) -> tuple[str, str] | None:
        """Return how an action ends that another run sent already, and why."""
        for other in self._sheet.others(action):
            if other["status"] in _TAKEN:
                return "duplicate", f"a run before sent it: {other['status']}"
            if other["status"] == "refused":
                return "refused", f"a run before sent it: {other['last_error']}"
        return None

    def _waits_for(self, action: Action) -> str | None:
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
        scopes = [f"system:{system}"] if is_undo else self._scopes(action)
        if (stopped := self._breakers.stopping(scopes, self._on_their_way)) is not None:
            state = "probed" if stopped.state == "half_open" else "open"
            return f"The breaker of {stopped.scope} is {state}: {stopped.reason}."
        for earlier in action["after"] or ():
            status = self._sheet.status_of(earlier)
            if status not in ("accepted", *ENDED):
                return f"{earlier[:8]} must be accepted first; it is {status}."
        return None

    def _scopes(self, action: Action) -> list[str]:
        """Return what a breaker may stop it by: its own scopes and its job's sources."""
        upstream = self._of(action["job"]).upstream
        tables = upstream.tables if upstream is not None else ()
        return [*action["scopes"], *sorted({f"source:{t.partition('.')[0]}" for t in tables})]

    def _failed_before(self, action: Action) -> str | None:
        for earlier in action["after"] or ():
            if (status := self._sheet.status_of(earlier)) != "accepted":
                return status
        return None

    def _too_much(self, action: Action) -> str | None:
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
            f"select idempotency_key, payload ->> 'shipment_no' from {TABLE} "  # noqa: S608
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

    def _take(self, action: Action) -> None:
        if action["status"] == "proposed" and self._claims is not None:
            self._claims.take(action, self.now + self._terms.outbox.reserve_for)
        if action["file_no"] is None:
            self._file_no += 1
            action["file_no"] = self._file_no
        for scope in action["scopes"]:
            self._on_their_way[scope] = self._on_their_way.get(scope, 0) + 1
        action["attempts"] = (action["attempts"] or 0) + 1
        action["first_sent_at"] = action["first_sent_at"] or self.now
        self._sheet.change(
            action, status="sending", next_at=None, waits_for=None,
            **{name: action[name] for name in ("attempts", "file_no", "first_sent_at")},
        )  # fmt: skip

    def _wait(self, action: Action, waits_for: str) -> None:
        if action["waits_for"] != waits_for:
            self._sheet.change(action, waits_for=waits_for)

    def _end(self, action: Action, status: str, reason: str) -> None:
        self._sheet.end(action, status, reason, self.now)
        detail = {"key": action["idempotency_key"], "job": action["job"], "reason": reason}
        self._log.add(
            f"action.{status}", action["action_uid"], actor=BY_ITSELF, at=self.now, detail=detail
        )


def _scalar(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0
