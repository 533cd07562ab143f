"""Copy the lake's catalog for readers: the data stays where it is, other schemas are taken out."""

import contextlib
import hashlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from warehouse import catalog, sql
from warehouse.catalogs.sqlite import attach
from warehouse.session import open_duckdb

INLINED = re.compile(r"ducklake_inlined_(?:data|delete)_(\d+)(?:_\d+)?")
# What a table consists of, in DuckLake's catalog
# (https://ducklake.select/docs/stable/specification/tables/overview).
CONSISTS = (
    """SELECT column_order, column_name, column_type, nulls_allowed, end_snapshot
    FROM ducklake_column WHERE table_id = :table_id""",
    "SELECT path, end_snapshot FROM ducklake_data_file WHERE table_id = :table_id",
    """SELECT d.path, coalesce(d.end_snapshot, f.end_snapshot) AS end_snapshot
    FROM ducklake_delete_file AS d JOIN ducklake_data_file AS f USING (data_file_id)
    WHERE d.table_id = :table_id""",
)
# Tables whose rows say when a table's content began and ended.
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


def content_mark(copy: Path, schemas: frozenset[str]) -> str:
    """Return a digest of what the tables of `schemas` consist of now; the same means equal rows.

    It names files and quotes inlined rows, which never change, so it survives the expiry of
    snapshots, as the number of the last change does not; and a catalog restored from a backup,
    which gives its numbers out again. A table that was compacted has another one.
    """
    digest = hashlib.sha256()
    places = ", ".join("?" for _ in schemas)
    with contextlib.closing(sqlite3.connect(copy)) as con:
        tables = con.execute(
            f"""SELECT t.table_id, schema_name, table_name FROM ducklake_table AS t
            JOIN ducklake_schema AS s USING (schema_id)
            WHERE schema_name IN ({places}) AND t.end_snapshot IS NULL
                AND s.end_snapshot IS NULL ORDER BY schema_name, table_name""",  # noqa: S608
            sorted(schemas),
        ).fetchall()
        inlined = [name for name in _tables(con) if INLINED.fullmatch(name)]
        for table_id, *names in tables:
            digest.update(f"\n{names}".encode())
            own = [name for name in inlined if _inlined_of(name) == table_id]
            for query in (*CONSISTS, *(f'SELECT * FROM "{name}"' for name in sorted(own))):  # noqa: S608
                for row in sorted(map(repr, _alive(con, query, table_id))):
                    digest.update(f"\n{row}".encode())
    return digest.hexdigest()


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


def _alive(con: sqlite3.Connection, query: str, table_id: int) -> Iterator[tuple[object, ...]]:
    """Yield the rows of a query that have not ended."""
    found = con.execute(query, {"table_id": table_id} if ":table_id" in query else {})
    names = [column[0] for column in found.description]
    for row in found:
        if "end_snapshot" not in names or row[names.index("end_snapshot")] is None:
            yield row


def _tables(con: sqlite3.Connection) -> list[str]:
    return [row[0] for row in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]


def _inlined_of(name: str) -> int:
    found = INLINED.fullmatch(name)
    return int(found[1]) if found else -1
