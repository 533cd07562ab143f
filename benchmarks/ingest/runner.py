"""What a way to land the stream must say to be measured."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.ingest.measure import Command
from benchmarks.ingest.streams import STREAMS
from warehouse import sql

# What a runner needs to find: the stream's file, the cache of peers, the folder of this run.
Prepare = Callable[[Path, Path], None]
Build = Callable[[Path, Path, Path], Command]
# Returns a stream's rows as an SQL expression, after attaching what it takes.
Stored = Callable[[duckdb.DuckDBPyConnection, Path], dict[str, str]]


@dataclass(frozen=True)
class Runner:
    """One way to land the stream.

    title: name and version. fed: what it reads. is_slow: runs on a smaller stream, once.
    prepare(cache, stream): installs it and makes its input; not measured.
    command(cache, stream, folder): what is measured. stored(con, folder): where the rows are.
    """

    name: str
    title: str
    fed: str
    command: Build
    stored: Stored
    prepare: Prepare = lambda cache, stream: None
    is_slow: bool = False


def in_duckdb_file(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, str]:
    """Attach the DuckDB file that a peer wrote (`peer.duckdb`, schema `src`)."""
    path = sql.text(str(folder / "peer.duckdb"))
    con.execute(f"ATTACH {path} AS peer (READ_ONLY)")
    return {stream: f"peer.src.{stream}" for stream in STREAMS}


def keys() -> str:
    """Return each stream's key columns as JSON, as the peers' scripts take them."""
    return json.dumps({name: list(stream.keys) for name, stream in STREAMS.items()})
