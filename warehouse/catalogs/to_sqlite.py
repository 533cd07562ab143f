"""Copy a DuckLake catalog from PostgreSQL into SQLite, so that readers need no server.

DuckLake writes the same tables to both, with other types for the same values: SQLite has numbers,
text and bytes only (https://ducklake.select/docs/stable/specification/tables/overview). So values
travel as PostgreSQL's text for them, which DuckDB reads without loss.
"""

import contextlib
import re
import sqlite3
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

INLINED = re.compile(r"ducklake_inlined_(?:data|delete)_(\d+)(?:_\d+)?")
AS_IS = {"boolean", "bigint", "integer", "smallint", "character varying", "text", "bytea"}
ROWS_A_TIME = 10_000
COLUMNS: LiteralString = """
    SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = current_schema() AND starts_with(table_name, 'ducklake_')
    ORDER BY table_name, ordinal_position"""
# The tables of DuckLake's catalog whose rows alone say which are its primary keys.
KEYS = {
    "ducklake_snapshot": "snapshot_id",
    "ducklake_snapshot_changes": "snapshot_id",
    "ducklake_data_file": "data_file_id",
    "ducklake_delete_file": "delete_file_id",
}
# DuckLake keeps text as bytes in PostgreSQL, which refuses a NUL in text: only the lake's own type
# tells the two apart, that of the schema version for which rows were inlined.
BLOBS: LiteralString = """
    SELECT c.table_id, v.schema_version, c.column_name FROM ducklake_column AS c
    JOIN ducklake_schema_versions AS v ON v.table_id = c.table_id
        AND v.begin_snapshot >= c.begin_snapshot
        AND (c.end_snapshot IS NULL OR v.begin_snapshot < c.end_snapshot)
    WHERE c.column_type = 'blob' AND c.parent_column IS NULL"""
# How PostgreSQL writes what has no number: so that DuckDB reads the very same value.
WRITTEN: tuple[LiteralString, ...] = (
    "SET LOCAL TIME ZONE 'UTC'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL intervalstyle = 'postgres_verbose'",
)


def copy(session: psycopg.Connection, path: Path, schemas: frozenset[str] | None) -> None:
    """Copy one snapshot of all tables; of tables inlined in the catalog those of `schemas` only."""
    session.autocommit = False
    session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    session.read_only = True
    for setting in WRITTEN:
        session.execute(setting)
    wanted = _table_ids(session, schemas)
    blobs: dict[str, set[str]] = {}
    for table_id, version, column in session.execute(BLOBS).fetchall():
        blobs.setdefault(f"ducklake_inlined_data_{table_id}_{version}", set()).add(column)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as target:
        target.execute("PRAGMA journal_mode = DELETE")
        target.execute("BEGIN")
        for table, columns in _tables(session).items():
            inlined = INLINED.fullmatch(table)
            if inlined and wanted is not None and int(inlined[1]) not in wanted:
                continue
            of_table = blobs.get(table, set())
            _create(target, table, columns, of_table)
            _fill(session, target, table, columns, of_table)
        _forget_left_out(target)
        target.execute("COMMIT")
    session.rollback()


def _tables(session: psycopg.Connection) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in session.execute(COLUMNS).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def _table_ids(session: psycopg.Connection, schemas: frozenset[str] | None) -> set[int] | None:
    if schemas is None:
        return None
    rows = session.execute(
        "SELECT table_id FROM ducklake_table JOIN ducklake_schema USING (schema_id)"
        " WHERE schema_name = ANY(%s)",
        [sorted(schemas)],
    )
    return {row[0] for row in rows.fetchall()}


def _create(
    target: sqlite3.Connection, table: str, columns: dict[str, str], blobs: set[str]
) -> None:
    listed = []
    for column, kind in columns.items():
        if kind in ("boolean", "bigint", "integer", "smallint"):
            declared = "BIGINT"
        else:
            declared = "BLOB" if column in blobs else "VARCHAR"
        key = " PRIMARY KEY" if KEYS.get(table) == column else ""
        listed.append(f"{_quoted(column)} {declared}{key}")
    target.execute(f"CREATE TABLE {_quoted(table)} ({', '.join(listed)})")


def _fill(
    session: psycopg.Connection,
    target: sqlite3.Connection,
    table: str,
    columns: dict[str, str],
    blobs: set[str],
) -> None:
    chosen = [
        sql.Identifier(column)
        if kind in AS_IS
        else sql.SQL("{}::text").format(sql.Identifier(column))
        for column, kind in columns.items()
    ]
    texts = [i for i, (c, kind) in enumerate(columns.items()) if kind == "bytea" and c not in blobs]
    insert = f"INSERT INTO {_quoted(table)} VALUES ({', '.join('?' for _ in columns)})"  # noqa: S608
    with session.cursor(name="copied") as rows:
        rows.itersize = ROWS_A_TIME
        rows.execute(
            sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(chosen), sql.Identifier(table))
        )
        while some := rows.fetchmany(ROWS_A_TIME):
            target.executemany(insert, [_decoded(row, texts) for row in some])


def _decoded(row: tuple[object, ...], texts: list[int]) -> tuple[object, ...]:
    if not texts:
        return row
    values = list(row)
    for place in texts:
        value = values[place]
        if isinstance(value, bytes):
            values[place] = value.decode("utf-8")
    return tuple(values)


def _forget_left_out(target: sqlite3.Connection) -> None:
    """Drop the entries of inlined tables that were not copied."""
    target.execute(
        "DELETE FROM ducklake_inlined_data_tables WHERE table_name NOT IN"
        " (SELECT name FROM sqlite_master WHERE type = 'table')"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
