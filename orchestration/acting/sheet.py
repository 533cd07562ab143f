"""The outbox within one transaction: read at once, changed in memory, written at once.

A statement on the lake costs tens of milliseconds, whatever it changes.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import pyarrow as pa

from decisions.schemas import AFTERWARDS, SCHEMAS

TABLE = "lake.decisions.action_outbox"
# What changes of an action after it was decided.
_CHANGING = ("status", *AFTERWARDS["action_outbox"].names)
_SCHEMA = pa.unify_schemas([SCHEMAS["action_outbox"], AFTERWARDS["action_outbox"]])
COLUMNS = tuple(_SCHEMA.names)
# Ends in which the receiver did not do what was asked, for good.
ENDED = (
    *("refused", "failed", "conflict", "rejected", "expired", "superseded", "undone", "unknown"),
)
_FURTHEST = ("accepted", "sending", "proposed", "held")

Action = dict[str, Any]


class Sheet:
    """The actions of some keys, in every run; within the caller's transaction."""

    def __init__(self, con: duckdb.DuckDBPyConnection, keys: Iterable[str]) -> None:
        self._con = con
        rows = con.execute(
            f"select * from {TABLE} where list_contains(?, idempotency_key)",  # noqa: S608
            [sorted(set(keys))],
        ).to_arrow_table()
        self._of: dict[str, Action] = {row["action_uid"]: row for row in rows.to_pylist()}
        self._by_key: dict[str, list[Action]] = defaultdict(list)
        for row in self._of.values():
            self._by_key[row["idempotency_key"]].append(row)
        self._changed: dict[str, Action] = {}
        self._added: list[Action] = []

    def change(self, action: Mapping[str, Any], **values: Any) -> None:
        """Change an action that the sheet has; `action` is it, or a copy of it."""
        row = self._of[action["action_uid"]]
        row.update(values)
        self._changed[row["action_uid"]] = row

    def end(self, action: Mapping[str, Any], status: str, reason: str, at: Any) -> None:
        """Let an action end, and propose what takes back its forerunners if it ended badly."""
        self.change(
            action, status=status, last_error=reason, settled_at=at, next_at=None, waits_for=None
        )
        if status in ENDED:
            for key in action["after"] or ():
                for earlier in self._by_key[key]:
                    self._take_back(earlier)

    def others(self, action: Mapping[str, Any]) -> list[Action]:
        """Return the same action as other runs proposed it."""
        same = self._by_key[action["idempotency_key"]]
        return [row for row in same if row["action_uid"] != action["action_uid"]]

    def status_of(self, key: str) -> str:
        """How far the action of a key is, as the one of its rows that got furthest."""
        found = [row["status"] for row in self._by_key[key]]
        for status in _FURTHEST:
            if status in found:
                return status
        return str(found[-1]) if found else "unknown"

    def write(self) -> None:
        """Write what was changed and added."""
        if self._changed:
            keys = ("action_uid", *_CHANGING)
            rows = [{name: row[name] for name in keys} for row in self._changed.values()]
            schema = pa.schema([_SCHEMA.field(name) for name in keys])
            self._con.register("changed", pa.Table.from_pylist(rows, schema))
            sets = ", ".join(f"{name} = changed.{name}" for name in _CHANGING)
            self._con.execute(
                f"update {TABLE} as kept set {sets} from changed "  # noqa: S608
                "where kept.action_uid = changed.action_uid"
            )
            self._con.unregister("changed")
        if self._added:
            self._con.register("added", pa.Table.from_pylist(self._added, _SCHEMA))
            self._con.execute(f"insert into {TABLE} by name from added")
            self._con.unregister("added")

    def _take_back(self, done: Action) -> None:
        """Propose the undo of an accepted action, once, and mark that it is being undone."""
        if done["status"] != "accepted" or done["undo"] is None:
            return
        undo = json.loads(done["undo"])
        self._added.append(
            dict.fromkeys(COLUMNS)
            | undo
            | {
                "decision_uid": done["decision_uid"],
                "status": "proposed",
                "compensates": done["action_uid"],
                "recorded_at": done["recorded_at"],
            }
        )
        self.change(done, status="undone")
