"""How an action ends, and what is taken back of a saga that cannot be finished."""

import json
from datetime import datetime
from typing import Any

import duckdb

_OUTBOX = "lake.decisions.action_outbox"
# Ends in which the receiver did not do what was asked, for good.
ENDED = (
    *("refused", "failed", "conflict", "rejected", "expired", "superseded", "undone", "unknown"),
)


def end(
    con: duckdb.DuckDBPyConnection, action: dict[str, Any], status: str, reason: str, at: datetime
) -> None:
    """Write down that an action ended in `status`, and propose what takes back its forerunners."""
    con.execute(
        f"update {_OUTBOX} set status = ?, last_error = ?, settled_at = ?, next_at = null, "  # noqa: S608
        "waits_for = null where action_uid = ?",
        [status, reason, at, action["action_uid"]],
    )
    if status in ENDED:
        for key in action["after"] or ():
            _take_back(con, key)


def _take_back(con: duckdb.DuckDBPyConnection, key: str) -> None:
    """Propose the undo of an accepted action, once, and mark that it is being undone."""
    rows = con.execute(
        f"select * from {_OUTBOX} where idempotency_key = ? and status = 'accepted' "  # noqa: S608
        "and undo is not null",
        [key],
    ).to_arrow_table()
    for done in rows.to_pylist():
        undo = json.loads(done["undo"])
        undo |= {
            "decision_uid": done["decision_uid"],
            "status": "proposed",
            "compensates": done["action_uid"],
        }
        names = list(undo)
        con.execute(
            f"insert into {_OUTBOX} ({', '.join(names)}) "  # noqa: S608
            f"values ({', '.join('?' for _ in names)})",
            [undo[name] for name in names],
        )
        con.execute(
            f"update {_OUTBOX} set status = 'undone' where action_uid = ?",  # noqa: S608
            [done["action_uid"]],
        )
