"""A question to a person about what is to be done, as it is kept in the lake."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

import duckdb

from contracts import CrossdockError
from decisions.record import fingerprint

TABLE = "lake.decisions.checkpoint"
Verdict = Literal["approve", "reject"]


class CheckpointError(CrossdockError):
    """No such checkpoint, or it cannot be answered so."""


@dataclass(frozen=True)
class Checkpoint:
    """A question to a person; `status` is open, approved, rejected, expired or superseded.

    `keys` are the idempotency keys of its actions. They may be answered apart, and it is open as
    long as one is in neither `approved` nor `rejected`; then it is approved if any of them is.
    """

    checkpoint_uid: str
    job: str
    run_uid: str
    decision_uid: str
    subject: str
    triggers: tuple[str, ...]
    evidence: str
    payload_hash: str
    keys: tuple[str, ...]
    approved: tuple[str, ...]
    rejected: tuple[str, ...]
    status: str
    opened_at: datetime
    expires_at: datetime
    on_expiry: Verdict
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The keys that nobody has said anything of."""
        return tuple(key for key in self.keys if key not in (*self.approved, *self.rejected))


_COLUMNS = tuple(field.name for field in fields(Checkpoint))
_LISTS = ("triggers", "keys", "approved", "rejected")


def payload_hash(actions: Sequence[Mapping[str, Any]]) -> str:
    """Return the hash of all that the actions ask of whom, in the order of their keys."""
    ordered = sorted(actions, key=lambda action: str(action["idempotency_key"]))
    parts = [
        str(action[name])
        for action in ordered
        for name in ("idempotency_key", "target_system", "verb", "payload")
    ]
    return fingerprint("actions", *parts)


def hash_of_decision(con: duckdb.DuckDBPyConnection, decision_uid: str, keys: Sequence[str]) -> str:
    """Return the hash of what a decision asks for under these keys, as it is kept."""
    rows = con.execute(
        "select * from lake.decisions.action_outbox where decision_uid = ? "
        "and compensates is null and list_contains(?, idempotency_key)",
        [decision_uid, list(keys)],
    ).to_arrow_table()
    return payload_hash(rows.to_pylist())


def listed(
    con: duckdb.DuckDBPyConnection, where: str = "true", values: Sequence[Any] = ()
) -> list[Checkpoint]:
    """Return checkpoints, oldest first; ``where`` is a constant of ours, with ? for values."""
    try:
        rows = con.execute(
            f"select {', '.join(_COLUMNS)} from {TABLE} where {where} "  # noqa: S608
            "order by opened_at, subject, checkpoint_uid",
            list(values),
        ).to_arrow_table()
    except duckdb.CatalogException:
        return []
    return [
        Checkpoint(**{**row, **{name: tuple(json.loads(row[name])) for name in _LISTS}})
        for row in rows.to_pylist()
    ]


def found(con: duckdb.DuckDBPyConnection, uid: str) -> Checkpoint:
    """Return the checkpoint whose uid starts so. Raises CheckpointError with the open ones."""
    matches = listed(con, "starts_with(checkpoint_uid, ?)", [uid])
    if len(matches) == 1:
        return matches[0]
    known = ", ".join(c.checkpoint_uid[:8] for c in listed(con, "status = 'open'")[:5])
    problem = "is the start of several checkpoints" if matches else "is no checkpoint"
    raise CheckpointError(f"'{uid}' {problem}. Open ones: {known or 'none'}.")


def write(con: duckdb.DuckDBPyConnection, checkpoints: Sequence[Checkpoint]) -> None:
    """Keep checkpoints, each over what was kept of it."""
    for one in checkpoints:
        con.execute(f"delete from {TABLE} where checkpoint_uid = ?", [one.checkpoint_uid])  # noqa: S608
        values = (getattr(one, name) for name in _COLUMNS)
        con.execute(
            f"insert into {TABLE} ({', '.join(_COLUMNS)}) "  # noqa: S608
            f"values ({', '.join('?' for _ in _COLUMNS)})",
            [json.dumps(v) if isinstance(v, tuple) else v for v in values],
        )
