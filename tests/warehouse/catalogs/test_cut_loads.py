"""A load whose every COMMIT loses its reply lands each row once and tells each STATE once."""

import io
import json
from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from warehouse.lake import Lake
from warehouse.landing.load import Load
from warehouse.landing.settings import Settings

ROWS, BATCH = 120, 40


class CutLake(Lake):
    """A lake behind a proxy that cuts the connection at each commit."""

    cutter: Any = None

    def commit(self, con: duckdb.DuckDBPyConnection) -> None:
        self.cutter.cut("reply")
        super().commit(con)
        assert self.cutter.has_cut()


def stream() -> bytes:
    columns = {"id": {"type": "integer"}}
    messages: list[dict[str, Any]] = [
        {"type": "SCHEMA", "stream": "scans", "schema": {"properties": columns}}
    ]
    for n in range(ROWS):
        messages.append({"type": "RECORD", "stream": "scans", "record": {"id": n}})
        if n % BATCH == BATCH - 1:
            messages.append({"type": "STATE", "value": n})
    return "".join(json.dumps(one) + "\n" for one in messages).encode()


@pytest.mark.slow
def test_a_load_whose_commits_lose_their_replies_lands_each_row_once(
    lake: Lake,
    lake_behind: Callable[[int], Lake],
    cutter: Any,
    server: Any,
    database: str,
) -> None:
    lake_behind(cutter.port)
    cut = CutLake(lake.paths.home, server.url(database, port=cutter.port))
    cut.cutter = cutter
    settings = Settings(home=lake.paths.home, source="src", batch_rows=BATCH)
    states: list[str] = []
    totals = Load(cut, settings, states.append).run(io.BytesIO(stream()))
    assert (totals.emitted, totals.loaded, totals.quarantined) == (ROWS, ROWS, 0)
    assert states[-1] == str(ROWS - 1)
    with lake.connect(read_only=True) as con:
        rows = con.execute("SELECT id FROM lake.src.scans ORDER BY id").fetchall()
        assert rows == [(n,) for n in range(ROWS)], "a stream without a key is not doubled"
        assert con.execute("SELECT sum(loaded) FROM lake.hub.ledger").fetchall() == [(ROWS,)]
