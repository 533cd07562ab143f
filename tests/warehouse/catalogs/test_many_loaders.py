"""Several machines load at once into a lake whose catalog is in PostgreSQL."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warehouse.lake import Lake

SOURCES = ("erp", "wms", "carrier", "channel")
LOADS = 3
ROWS = 500


def stream(first: int) -> bytes:
    """Rows of which a third were loaded before: an upsert."""
    schema = {
        "type": "SCHEMA",
        "stream": "items",
        "key_properties": ["id"],
        "schema": {
            "type": "object",
            "properties": {"id": {"type": "integer"}, "at": {"type": "integer"}},
        },
    }
    records = [
        {"type": "RECORD", "stream": "items", "record": {"id": first + n, "at": first}}
        for n in range(ROWS)
    ]
    messages = [schema, *records, {"type": "STATE", "value": {"first": first}}]
    return b"".join(json.dumps(one).encode() + b"\n" for one in messages)


@pytest.mark.slow
def test_loads_of_all_sources_at_once_lose_nothing_and_their_ledgers_balance(
    lake: Lake,
    url: str,
    tmp_path: Path,
    start_target: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CROSSDOCK_CATALOG", url)
    step = ROWS * 2 // 3
    for load in range(LOADS):
        path = tmp_path / f"{load}.singer"
        path.write_bytes(stream(load * step))
        running = []
        for source in SOURCES:
            folder = tmp_path / source
            folder.mkdir(exist_ok=True)
            (folder / "home").unlink(missing_ok=True)
            (folder / "home").symlink_to(lake.paths.home)
            running.append(start_target(folder / "home", path, source=source, batch_rows=200))
        for process in running:
            out, said = process.communicate(timeout=300)
            assert process.returncode == 0, said.decode()
            assert json.loads(out.splitlines()[-1]) == {"first": load * step}
    expected = [(n, min(n // step, LOADS - 1) * step) for n in range((LOADS - 1) * step + ROWS)]
    with lake.connect(read_only=True) as con:
        for source in SOURCES:
            rows = con.execute(f'SELECT id, "at" FROM lake.{source}.items ORDER BY 1').fetchall()
            assert rows == expected, source
        ledgers = con.execute(
            "SELECT source, sum(emitted), sum(loaded), sum(quarantined), sum(inserted)"
            " FROM lake.hub.ledger GROUP BY source ORDER BY source"
        ).fetchall()
    assert ledgers == [
        (source, LOADS * ROWS, LOADS * ROWS, 0, len(expected)) for source in sorted(SOURCES)
    ]
