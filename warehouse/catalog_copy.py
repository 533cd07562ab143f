"""Copy the lake's catalog for readers: the data stays where it is, other schemas are taken out."""

import contextlib
import re
import sqlite3
from pathlib import Path

from warehouse import catalog, sql
from warehouse.catalogs.sqlite import attach
from warehouse.session import open_duckdb

INLINED = re.compile(r"ducklake_inlined_(?:data|delete)_(\d+)(?:_\d+)?")
# Tables of DuckLake's catalog whose rows say when a table's content began and ended
# (https://ducklake.select/docs/stable/specification/tables/overview).
DATED = ("ducklake_table", "ducklake_column", "ducklake_data_file", "ducklake_delete_file")


def content_snapshot(copy: Path, schemas: frozenset[str]) -> int:
    """Return the snapshot at which anything in `schemas` last changed; 0 when nothing is there."""
    places = ", ".join("?" for _ in schemas)
    newest = 0
    with contextlib.closing(sqlite3.connect(copy)) as con:
        inlined = [name for name in _tables(con) if INLINED.fullmatch(name)]
        own_tables = f"""SELECT table_id FROM ducklake_table JOIN ducklake_schema USING (schema_id)
            WHERE schema_name IN ({places})"""  # noqa: S608 - the places are question marks
        ids = [row[0] for row in con.execute(own_tables, sorted(schemas))]
        for table_id in ids:
            own = [name for name in inlined if _inlined_of(name) == table_id]
            for name in (*DATED, *own):
                newest = max(newest, _newest(con, name, table_id if name in DATED else None))
    return newest


def keep_only(copy: Path, data: Path, schemas: frozenset[str]) -> dict[str, int]:
    """Take all other schemas and all history out of a copy; return the rows of each table left."""
    with open_duckdb() as con:
        attach(con, copy, data, alias="copy")
        found = con.execute(
            "SELECT DISTINCT schema_name FROM duckdb_schemas() WHERE database_name = 'copy'"
        ).fetchall()
        con.execute("BEGIN")
        for (schema,) in found:
            if schema not in schemas and schema != "main":
                con.execute(f"DROP SCHEMA {sql.name('copy', schema)} CASCADE")
        con.execute("COMMIT")
        # Otherwise a reader could travel back to where the others still stood.
        con.execute("CALL ducklake_expire_snapshots('copy', older_than => now())")
        con.execute("DETACH copy")
    _purge(copy)
    with open_duckdb() as con:
        attach(con, copy, data, alias="copy", read_only=True)
        tables = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'copy'"
            " ORDER BY ALL"
        ).fetchall()
        counted = {}
        for schema, table in tables:
            row = con.execute(f"SELECT count(*) FROM {sql.name('copy', schema, table)}").fetchone()  # noqa: S608
            counted[f"{schema}.{table}"] = int(row[0]) if row else 0
        return counted


def missing(copy: Path, data: Path) -> list[str]:
    """Return the files that a copy reads and that are not there, relative to `data`."""
    with contextlib.closing(sqlite3.connect(copy)) as con:
        return sorted(path for path in catalog.of_copy(con) if not (data / path).exists())


def _purge(copy: Path) -> None:
    """Remove what DuckLake leaves of dropped tables: rows inlined in the catalog, file lists."""
    with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as con:
        alive = {row[0] for row in con.execute("SELECT table_id FROM ducklake_table")}
        for name in _tables(con):
            if INLINED.fullmatch(name) and _inlined_of(name) not in alive:
                con.execute(f'DROP TABLE "{name}"')
        listed = ", ".join(str(int(one)) for one in alive) or "NULL"
        con.execute(
            f"DELETE FROM ducklake_inlined_data_tables WHERE table_id NOT IN ({listed})"  # noqa: S608
        )
        # The files belong to the lake: nobody who opens a release may ever delete them.
        con.execute("DELETE FROM ducklake_files_scheduled_for_deletion")
        con.execute("PRAGMA journal_mode = DELETE")
        con.execute("VACUUM")


def _newest(con: sqlite3.Connection, table: str, table_id: int | None) -> int:
    columns = {row[1] for row in con.execute(f'PRAGMA table_info("{table}")')}
    newest = [f"max({name})" for name in ("begin_snapshot", "end_snapshot") if name in columns]
    if not newest:
        return 0
    where = "" if table_id is None else f" WHERE table_id = {table_id}"
    row = con.execute(f'SELECT {", ".join(newest)} FROM "{table}"{where}').fetchone()  # noqa: S608
    return max((int(value) for value in row if value is not None), default=0)


def _tables(con: sqlite3.Connection) -> list[str]:
    return [row[0] for row in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]


def _inlined_of(name: str) -> int:
    found = INLINED.fullmatch(name)
    return int(found[1]) if found else -1
