"""What a DuckLake catalog says of its files, for the lake's and for a release's copy alike."""

import sqlite3
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb

# Where DuckLake attaches the catalog of the lake that is attached as `lake`. Python's own SQLite
# may not open that file in a process that has it attached: two libraries in one process undo each
# other's POSIX locks when they close (https://sqlite.org/howtocorrupt.html, section 2.2).
METADATA = "__ducklake_metadata_lake."
# https://ducklake.select/docs/stable/specification/tables/ducklake_data_file: a file's path is
# relative to its table's, which is relative to its schema's; a renamed table has several rows.
_FILES = """
    SELECT schema_name, table_name, kind, f.path, f.path_is_relative, schemas.path, tables.path,
        tables.path_is_relative, file_size_bytes
    FROM (
        SELECT 'data' AS kind, table_id, path, path_is_relative, file_size_bytes,
            begin_snapshot, end_snapshot
        FROM {at}ducklake_data_file
        UNION ALL
        SELECT 'delete', table_id, path, path_is_relative, file_size_bytes,
            begin_snapshot, end_snapshot
        FROM {at}ducklake_delete_file
    ) AS f
    JOIN {at}ducklake_table AS tables ON tables.table_id = f.table_id
    JOIN {at}ducklake_schema AS schemas ON schemas.schema_id = tables.schema_id
    WHERE EXISTS (
        SELECT 1 FROM {at}ducklake_snapshot AS s WHERE s.snapshot_id >= f.begin_snapshot
        AND (f.end_snapshot IS NULL OR s.snapshot_id < f.end_snapshot))
    ORDER BY tables.begin_snapshot"""


class _Asked(Protocol):
    def execute(self, query: str, /) -> Any: ...


@dataclass(frozen=True)
class Referred:
    """A file that some snapshot reads; `path` is relative to the lake's data folder."""

    table: str
    kind: str
    path: str
    bytes: int


def of_lake(con: duckdb.DuckDBPyConnection) -> dict[str, Referred]:
    """Return the files of all snapshots of the lake attached to `con`, by path."""
    return _read(con, METADATA)


def of_copy(con: sqlite3.Connection) -> dict[str, Referred]:
    """Return the files of all snapshots of a catalog's copy, opened with SQLite, by path."""
    return _read(con, "")


def _read(con: _Asked, at: str) -> dict[str, Referred]:
    found = {}
    for row in con.execute(_FILES.format(at=at)).fetchall():
        schema, table, kind, path, is_relative, of_schema, of_table, in_schema, size = row
        if is_relative:
            path = (of_schema if in_schema else "") + of_table + path
        found[path] = Referred(f"{schema}.{table}", kind, path, size)
    return found
