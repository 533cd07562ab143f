"""How far each source has been read: the Singer STATE that was committed with its rows."""

import json
from datetime import datetime
from typing import Any

import duckdb

from warehouse.lake import Lake


def read(lake: Lake, source: str) -> dict[str, Any] | None:
    """Return the last committed STATE value of a source, or None before its first load."""
    # Under the lock: while upkeep moves rows out of the catalog, a reader may meet neither copy.
    with lake.lock(purpose="read the state"), lake.connect(read_only=True) as con:
        row = con.execute(
            "SELECT state::VARCHAR FROM lake.hub.state WHERE source = ?"
            " ORDER BY committed_at DESC LIMIT 1",
            [source],
        ).fetchone()
    return json.loads(row[0]) if row else None


def write(
    con: duckdb.DuckDBPyConnection, source: str, state: str, load_id: str, now: datetime
) -> None:
    """Replace a source's STATE (JSON text), inside the caller's transaction."""
    con.execute("DELETE FROM lake.hub.state WHERE source = ?", [source])
    con.execute("INSERT INTO lake.hub.state VALUES (?, ?, ?, ?)", [source, state, load_id, now])
