"""What was asked, said and done about decisions: append-only, each entry hashed with the last.

An entry's hash is the SHA-256 of the hash before it and of the entry as JSON, so that none can be
changed, taken out or put between without all later hashes being wrong. The contract
decisions/record holds the chain; what was cut off at its end shows only against a hash noted
elsewhere, such as the one that `crossdock checkpoints log` prints.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from decisions.schemas import AFTERWARDS

_TABLE = "lake.decisions.audit"
FIRST = ""


class Log:
    """The end of the log, and what is added to it; within one transaction under the lake's lock."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        last = con.execute(
            f"select sequence, hash from {_TABLE} order by sequence desc limit 1"  # noqa: S608
        ).fetchone()
        self._sequence, self._hash = last or (0, FIRST)
        self._added: list[dict[str, Any]] = []

    def add(
        self, kind: str, about: str, *, actor: str, at: datetime, detail: Mapping[str, Any]
    ) -> None:
        """Add an entry; `write` keeps it.

        `kind` is what happened (`checkpoint.approve`), `about` the uid of what, `actor` a person's
        name or the part of Crossdock that did it. `detail` holds no personal data but that name.
        """
        self._sequence += 1
        said = {"kind": kind, "about": about, "actor": actor}
        entry = {"sequence": self._sequence, "at": at.astimezone(UTC).isoformat(), **said}
        text = json.dumps(
            {**entry, "detail": detail}, sort_keys=True, separators=(",", ":"), default=str
        )
        before, self._hash = self._hash, hash_of(self._hash, text)
        self._added.append(
            {
                "sequence": self._sequence,
                "happened_at": at,
                **said,
                "entry": text,
                "previous_hash": before,
                "hash": self._hash,
            }
        )

    def write(self) -> None:
        """Keep what was added, in one statement."""
        if not self._added:
            return
        self._con.register("entries", pa.Table.from_pylist(self._added, AFTERWARDS["audit"]))
        self._con.execute(f"insert into {_TABLE} by name from entries")
        self._con.unregister("entries")
        self._added.clear()


def hash_of(before: str, text: str) -> str:
    """Return the hash of an entry's JSON after the one with the hash `before`."""
    return hashlib.sha256((before + text).encode()).hexdigest()


def entries(con: duckdb.DuckDBPyConnection, about: str | None = None) -> list[dict[str, Any]]:
    """Return the entries about a uid, or all of them, oldest first."""
    rows = con.execute(
        f"select * from {_TABLE} where about = coalesce(?, about) order by sequence",  # noqa: S608
        [about],
    ).to_arrow_table()
    found: list[dict[str, Any]] = rows.to_pylist()
    return found
