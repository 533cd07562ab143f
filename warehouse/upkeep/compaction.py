"""Bring tables back into bounds: rows out of the catalog, many files and deletes into one file.

The lake's own statements do it and not DuckLake's compaction, which refuses to record its files'
hashes in the same transaction, and which merges no file that has deletes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import duckdb

from warehouse import files, sql
from warehouse.lake import Lake
from warehouse.upkeep import bounds
from warehouse.upkeep.bounds import File, Fill

# The message of a commit that moved rows and changed none, for who asks what changed.
MOVED = "compaction: rows moved, none changed"


@dataclass(frozen=True)
class Compacted:
    """What was done to a table; bytes are those of its newest snapshot's files."""

    table: str
    flushed: int
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int


def keep_bounded(
    lake: Lake, con: duckdb.DuckDBPyConnection, source: str, now: datetime
) -> list[Compacted]:
    """Bring the tables of a source, and the hub's, back into bounds; nothing when they are.

    Call it at the end of a load, outside a transaction, with the lake's lock held and `con` from
    `lake.connect()`. When nothing is due it costs a few questions to the catalog.
    """
    return compact(lake, con, (source, "hub"), now)


def compact(
    lake: Lake, con: duckdb.DuckDBPyConnection, schemas: Sequence[str] | None, now: datetime
) -> list[Compacted]:
    """Bring the tables of some schemas, or of all, back into bounds, a transaction or two each.

    The lock is taken for each table anew, so that loads need not wait for all of them.
    """
    done = []
    for before in bounds.measure(con, schemas):
        if not before.is_due:
            continue
        with lake.lock(purpose=f"compact {before.name}"):
            # Deletes that wait in the catalog would keep a file alive that is rewritten.
            if before.inlined:
                _flush(lake, con, before, now)
            after = _measured(con, before)
            if after is not None and after.is_drop_due:
                _drop_empty(lake, con, after)
            if after is not None and (due := after.rewrites()):
                _rewrite(lake, con, after, due, now)
            after = _measured(con, before)
        if after is not None:
            done.append(
                Compacted(
                    before.name,
                    before.inlined,
                    len(before.files),
                    len(after.files),
                    sum(one.bytes for one in before.files),
                    sum(one.bytes for one in after.files),
                )
            )
    return done


def _measured(con: duckdb.DuckDBPyConnection, fill: Fill) -> Fill | None:
    """Measure a table anew; None when it was dropped meanwhile."""
    now = {one.table: one for one in bounds.measure(con, (fill.schema,))}
    return now.get(fill.table)


def _flush(lake: Lake, con: duckdb.DuckDBPyConnection, fill: Fill, now: datetime) -> None:
    with _transaction(lake, con, now):
        con.execute(
            f"CALL ducklake_flush_inlined_data('lake', schema_name => {sql.text(fill.schema)}, "
            f"table_name => {sql.text(fill.table)})"
        ).fetchall()


def _drop_empty(lake: Lake, con: duckdb.DuckDBPyConnection, fill: Fill) -> None:
    """Let DuckLake drop the files of which every row is deleted; it writes none for them."""
    con.execute("BEGIN")
    con.execute(
        f"CALL ducklake_rewrite_data_files('lake', {sql.text(fill.table)}, "
        f"schema => {sql.text(fill.schema)}, delete_threshold => 1.0)"
    ).fetchall()
    lake.commit(con)


def _rewrite(
    lake: Lake, con: duckdb.DuckDBPyConnection, fill: Fill, due: Sequence[File], now: datetime
) -> None:
    """Write the rows of some files into new ones, in one transaction; DuckLake drops the old."""
    table = sql.name("lake", fill.schema, fill.table)
    listed = ", ".join(sql.text(lake.paths.data / one.path) for one in due)
    with _streaming(con), _transaction(lake, con, now, MOVED), _file_column(con, table):
        con.execute(f"INSERT INTO {table} SELECT * FROM {table} WHERE filename IN ({listed})")  # noqa: S608
        with _no_inlining(con):
            con.execute(f"DELETE FROM {table} WHERE filename IN ({listed})")  # noqa: S608


@contextmanager
def _file_column(con: duckdb.DuckDBPyConnection, table: str) -> Iterator[None]:
    """Let `filename` mean the file that a row is in, also where a column of the table bears it."""
    own = [row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()]
    for column in (one for one in own if one.lower() == "filename"):
        aside = sql.name(f"{column}~{uuid4().hex}")
        con.execute(f"ALTER TABLE {table} RENAME COLUMN {sql.name(column)} TO {aside}")
        yield
        con.execute(f"ALTER TABLE {table} RENAME COLUMN {aside} TO {sql.name(column)}")
        return
    yield


@contextmanager
def _streaming(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let rows be written as they are read: in their order they would all wait in memory."""
    settings = {"preserve_insertion_order": "false", "threads": "1"}
    before = con.execute(
        "SELECT name, value FROM duckdb_settings() WHERE list_contains(?, name)", [list(settings)]
    ).fetchall()
    for name, value in settings.items():
        con.execute(f"SET {name} = {value}")
    try:
        yield
    finally:
        for name, value in before:
            con.execute(f"SET {name} = {value}")


@contextmanager
def _no_inlining(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Keep deletes of a few rows out of the catalog, where they would keep their file alive."""
    setting = "ducklake_default_data_inlining_row_limit"
    row = con.execute(f"SELECT current_setting('{setting}')").fetchone()
    con.execute(f"SET {setting} = 0")
    try:
        yield
    finally:
        con.execute(f"SET {setting} = {int(row[0] if row else 10)}")


@contextmanager
def _transaction(
    lake: Lake, con: duckdb.DuckDBPyConnection, now: datetime, message: str = ""
) -> Iterator[None]:
    """Commit what is done, sealed; undo all of it when that fails."""
    con.execute("BEGIN")
    try:
        yield
        files.seal(con, lake, None, now)
    except BaseException:
        con.execute("ROLLBACK")
        raise
    lake.commit(con, message)
