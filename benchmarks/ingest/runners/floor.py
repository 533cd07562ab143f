"""DuckDB's own `read_ndjson` into DuckLake, merged by key or only inserted: no guarantee at all.

Example: python -m benchmarks.ingest.runners.floor merge stream.singer folder
"""

import sys
from pathlib import Path

import duckdb

from benchmarks.ingest.measure import Command
from benchmarks.ingest.runner import Runner
from benchmarks.ingest.streams import STREAMS, Stream
from warehouse import sql
from warehouse.lake import attach, open_duckdb


def land(how: str, stream_file: Path, folder: Path) -> None:
    """Land a file in a new lake under `folder`; `how` is merge or insert."""
    (folder / "data").mkdir(parents=True)
    with open_duckdb() as con:
        attach(con, folder / "catalog.sqlite", folder / "data", alias="lake", create=True)
        con.execute("BEGIN")
        con.execute("CREATE SCHEMA lake.src")
        # One parse for all streams, each column in its type: of the ways tried (a file scan a
        # stream, json_transform of a JSON column) the one that takes the least CPU.
        types = {k: v for stream in STREAMS.values() for k, v in stream.stored_types.items()}
        columns = (
            f"{{'type': 'VARCHAR', 'stream': 'VARCHAR', 'record': 'STRUCT({_columns(types)})'}}"
        )
        con.execute(
            f"CREATE TEMP TABLE read AS SELECT stream, record FROM read_ndjson("  # noqa: S608
            f"{sql.text(str(stream_file))}, columns = {columns}) WHERE type = 'RECORD'"
        )
        for stream in STREAMS.values():
            _land_stream(con, stream, how)
        con.execute("COMMIT")


def _land_stream(con: duckdb.DuckDBPyConnection, stream: Stream, how: str) -> None:
    types, table = stream.stored_types, f"lake.src.{stream.name}"
    values = ", ".join(f"record.{sql.name(column)}" for column in types)
    con.execute(f"CREATE TABLE {table} ({_columns(types)})")
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE arrived AS SELECT {values} FROM read "  # noqa: S608
        f"WHERE stream = {sql.text(stream.name)}"
    )
    if how == "insert":
        con.execute(f"INSERT INTO {table} FROM arrived")
        return
    keys = ", ".join(map(sql.name, stream.keys))
    same = " AND ".join(f"old.{sql.name(key)} = new.{sql.name(key)}" for key in stream.keys)
    changed = ", ".join(f"{sql.name(c)} = new.{sql.name(c)}" for c in types if c not in stream.keys)
    con.execute(f"""
        MERGE INTO {table} AS old USING (
            FROM arrived WHERE rowid IN (SELECT max(rowid) FROM arrived GROUP BY {keys})
        ) AS new ON {same}
        WHEN MATCHED THEN UPDATE SET {changed} WHEN NOT MATCHED THEN INSERT""")  # noqa: S608


def _columns(types: dict[str, str]) -> str:
    return ", ".join(f"{sql.name(column)} {kind}" for column, kind in types.items())


def stored(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, str]:
    """Attach the lake."""
    lake = folder / "floor"
    attach(con, lake / "catalog.sqlite", lake / "data", alias="floor", read_only=True)
    return {stream: f"floor.src.{stream}" for stream in STREAMS}


def _runner(how: str, title: str) -> Runner:
    def command(cache: Path, stream: Path, folder: Path) -> Command:
        module = [sys.executable, "-m", "benchmarks.ingest.runners.floor"]
        root = str(Path(__file__).parents[3])
        return Command([*module, how, str(stream), str(folder / "floor")], {"PYTHONPATH": root})

    return Runner(f"duckdb_{how}", title, "Singer", command, stored)


MERGE = _runner("merge", f"DuckDB {duckdb.__version__} read_ndjson + MERGE")
INSERT = _runner("insert", f"DuckDB {duckdb.__version__} read_ndjson + INSERT")

if __name__ == "__main__":
    land(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
