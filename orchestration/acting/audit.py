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

_TABLE = "lake.decisions.audit"
FIRST = ""


def append(
    con: duckdb.DuckDBPyConnection,
    kind: str,
    about: str,
    *,
    actor: str,
    at: datetime,
    detail: Mapping[str, Any],
) -> None:
    """Add an entry, within the caller's transaction, which holds the lake's lock.

    `kind` is what happened (`checkpoint.approved`), `about` the uid of what, `actor` a person's
    name or the part of Crossdock that did it. `detail` holds no personal data but that name.
    """
    last = con.execute(
        f"select sequence, hash from {_TABLE} order by sequence desc limit 1"  # noqa: S608
    ).fetchone()
    sequence, before = (last[0] + 1, last[1]) if last else (1, FIRST)
    entry = {
        "sequence": sequence,
        "at": at.astimezone(UTC).isoformat(),
        "kind": kind,
        "about": about,
        "actor": actor,
        "detail": detail,
    }
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), default=str)
    con.execute(
        f"insert into {_TABLE} (sequence, happened_at, kind, about, actor, entry, "  # noqa: S608
        "previous_hash, hash) values (?, ?, ?, ?, ?, ?, ?, ?)",
        [sequence, at, kind, about, actor, text, before, hash_of(before, text)],
    )


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
