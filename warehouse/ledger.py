"""What each load did, a stream and a batch: emitted = loaded + quarantined, or the load fails."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from decimal import Decimal

import duckdb

from warehouse.errors import LandingError


@dataclass(frozen=True)
class Entry:
    """One stream's part of one batch; its fields are the columns of `hub.ledger`."""

    batch_id: str
    load_id: str
    source: str
    stream: str
    emitted: int
    loaded: int
    inserted: int
    updated: int
    duplicate: int
    superseded: int
    quarantined: int
    deleted: int
    bytes: int
    first_line: int | None
    last_line: int | None
    last_byte: int | None
    last_sequence: int
    is_final: bool
    seconds: Decimal
    committed_at: datetime

    def __post_init__(self) -> None:
        if self.emitted != self.loaded + self.quarantined:
            raise LandingError(
                f"Stream '{self.stream}' of {self.source}: {self.emitted} units came, "
                f"{self.loaded} loaded and {self.quarantined} held back. Nothing of this batch "
                "was committed. This is a fault of the target: please report it."
            )


def write(con: duckdb.DuckDBPyConnection, entries: Sequence[Entry]) -> None:
    """Append entries inside the caller's transaction."""
    columns = ", ".join(field.name for field in fields(Entry))
    places = ", ".join("?" for _ in fields(Entry))
    rows = ", ".join(f"({places})" for _ in entries)
    con.execute(
        f"INSERT INTO lake.hub.ledger ({columns}) VALUES {rows}",  # noqa: S608
        [value for entry in entries for value in astuple(entry)],
    )


def has_batch(con: duckdb.DuckDBPyConnection, batch_id: str) -> bool:
    """Say whether a batch was committed: what settles a COMMIT whose reply was lost."""
    found = con.execute("SELECT 1 FROM lake.hub.ledger WHERE batch_id = ? LIMIT 1", [batch_id])
    return found.fetchone() is not None


def interrupted(
    con: duckdb.DuckDBPyConnection, source: str, load_id: str
) -> list[tuple[str, str, int | None, bool]]:
    """Return the batches that a load of these bytes may find landed: id, load, bytes, is_final.

    Bytes are None of what came in the files of a BATCH.
    These are of the source's loads that did not reach their end, since one last did, and of the
    load of the same id, whose caller may not have learnt that it ended.
    """
    return con.execute(
        """SELECT batch_id, any_value(load_id), max(last_byte), bool_or(is_final)
           FROM lake.hub.ledger WHERE source = $source
           AND (load_id = $load_id
            OR committed_at > coalesce((SELECT max(committed_at) FROM lake.hub.ledger
               WHERE source = $source AND is_final AND last_byte IS NOT NULL),
                '-infinity'::TIMESTAMPTZ))
           GROUP BY batch_id""",
        {"source": source, "load_id": load_id},
    ).fetchall()


def read_batch(con: duckdb.DuckDBPyConnection, batch_id: str) -> list[Entry]:
    """Return the entries of a batch."""
    columns = ", ".join(field.name for field in fields(Entry))
    rows = con.execute(
        f"SELECT {columns} FROM lake.hub.ledger WHERE batch_id = ?",  # noqa: S608
        [batch_id],
    ).fetchall()
    return [Entry(*row) for row in rows]


def last_sequence(con: duckdb.DuckDBPyConnection, source: str) -> int:
    """Return the highest `_sdc_sequence` that a source was given; 0 before its first load."""
    row = con.execute(
        "SELECT coalesce(max(last_sequence), 0) FROM lake.hub.ledger WHERE source = ?", [source]
    ).fetchone()
    return int(row[0]) if row else 0
