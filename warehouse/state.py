"""How far each source has been read: the Singer STATE that was committed with its rows."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

import duckdb

from warehouse import names
from warehouse.errors import LakeError
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


def forget(lake: Lake, source: str, streams: Collection[str] = ()) -> tuple[str, ...]:
    """Forget how far a source was read, or some of its streams; return whose marks are gone.

    The next load's tap begins from the start there. Marks that a tap keeps for several streams at
    once, as one that reads files does, go with any of them. No row is touched. Raises LakeError for
    a stream that the source does not have, or a STATE that does not tell streams apart.
    """
    waiting = lake.lock(purpose=f"forget how far {source} was read")
    with lake.lock_source(source), waiting, lake.connect() as con:
        con.execute("BEGIN")
        row = con.execute(
            "SELECT state::VARCHAR, load_id, committed_at FROM lake.hub.state WHERE source = ?"
            " ORDER BY committed_at DESC LIMIT 1",
            [source],
        ).fetchone()
        state: dict[str, Any] = json.loads(row[0]) if row else {}
        bookmarks = state.get("bookmarks")
        if not streams:
            gone = tuple(sorted(bookmarks)) if isinstance(bookmarks, dict) else tuple(sorted(state))
            con.execute("DELETE FROM lake.hub.state WHERE source = ?", [source])
        else:
            has = names.known(con).get(source, set())
            if unknown := sorted(set(streams) - has):
                raise LakeError(
                    f"Source {source} has no stream {', '.join(unknown)}."
                    f" It has: {', '.join(sorted(has)) or 'none yet'}."
                )
            if row is not None and not isinstance(bookmarks, dict):
                raise LakeError(
                    f"The STATE of {source} has no bookmarks a stream: it can only be forgotten"
                    f" whole. Leave the streams out: crossdock pull {source} --anew"
                )
            marks: dict[str, Any] = bookmarks or {}
            gone = tuple(sorted(name for name in marks if name in streams or name not in has))
            if row is not None and gone:
                kept = {name: mark for name, mark in marks.items() if name not in gone}
                write(con, source, json.dumps({**state, "bookmarks": kept}), *row[1:])
        lake.commit(con, f"forget how far {source} was read")
    return gone
