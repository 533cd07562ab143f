"""One state of a lake, under names that every rule reads, whatever is written meanwhile.

DuckLake takes 7 to 25 ms to plan a query, however small: it asks its catalog for the statistics and
the files of each table that is named. So a small table is read once, into a temporary one.
"""

# Names come from contracts, which are code of the house, and are quoted (S608).
# ruff: noqa: S608

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from contracts.dialect import in_transaction
from contracts.queries import quoted

# Bytes of Parquet that are copied, of one table and of all: in memory they are about five times
# that. DuckDB's own tables are planned in microseconds, and copying them would gain nothing.
COPIED = 4_000_000
COPIED_TOGETHER = 64_000_000


@dataclass(frozen=True)
class Found:
    """A table as it is: its columns' types, which may be null, and its number of rows.

    ``rows`` is None of a table that cannot be read, as when a file of it is damaged.
    """

    types: Mapping[str, str]
    nullable: frozenset[str]
    rows: int | None


class _UnreadableError(Exception):
    """A table cannot be read, and the transaction is aborted by the attempt."""


@contextmanager
def state(
    con: duckdb.DuckDBPyConnection, named: Mapping[tuple[str, str], str], catalog: str
) -> Iterator[dict[str, Found]]:
    """Make the named tables of a catalog, (schema, table) to relation, readable in the block.

    Yields by dataset those that are there. All are read at one snapshot: small ones are copies of
    it, large ones views on it. What a caller sees in its own transaction has no number, so there
    all are views and nothing is copied.
    """
    made: dict[str, str] = {}
    try:
        yield (
            _look(con, named, catalog, made)
            if in_transaction(con)
            else _taken(con, named, catalog, made)
        )
    finally:
        for name, kind in made.items():
            with contextlib.suppress(duckdb.Error):  # a caller's aborted transaction drops it
                con.execute(f"DROP {kind} IF EXISTS {name}")


def _taken(
    con: duckdb.DuckDBPyConnection,
    named: Mapping[tuple[str, str], str],
    catalog: str,
    made: dict[str, str],
) -> dict[str, Found]:
    """Take the state in one transaction, which is over before any rule can fail and abort it."""
    unreadable: set[str] = set()
    while True:
        made.clear()
        con.execute("BEGIN TRANSACTION")
        try:
            sizes = _sizes(con, catalog)
            at = "" if sizes is None else f" AT (VERSION => {_version(con, catalog)})"
            found = _look(con, named, catalog, made, sizes or {}, at, unreadable)
        except _UnreadableError as error:
            # Once more without it: its rules shall say, one by one, what is wrong with it.
            con.execute("ROLLBACK")
            unreadable.add(str(error))
        except BaseException:
            con.execute("ROLLBACK")
            raise
        else:
            con.execute("COMMIT")
            return found


def _look(
    con: duckdb.DuckDBPyConnection,
    named: Mapping[tuple[str, str], str],
    catalog: str,
    made: dict[str, str],
    sizes: Mapping[str, int] | None = None,
    at: str = "",
    unreadable: frozenset[str] | set[str] = frozenset(),
) -> dict[str, Found]:
    shapes = _shapes(con, catalog)
    left = COPIED_TOGETHER
    found: dict[str, Found] = {}
    for (schema, table), name in named.items():
        if (dataset := f"{schema}.{table}") not in shapes:
            continue
        source = ".".join(quoted(part) for part in (catalog, schema, table))
        size = (sizes or {}).get(table)
        is_copied = size is not None and size <= min(COPIED, left) and dataset not in unreadable
        kind = made[name] = "TABLE" if is_copied else "VIEW"
        rows = None
        try:
            made_of = "" if is_copied else at
            con.execute(f"CREATE OR REPLACE TEMP {kind} {name} AS SELECT * FROM {source}{made_of}")
            if dataset not in unreadable:
                counted = con.execute(f"SELECT count(*) FROM {name}").fetchone()
                rows = counted[0] if counted else 0
        except duckdb.Error as error:
            if sizes is None or dataset in unreadable:
                raise
            raise _UnreadableError(dataset) from error
        left -= size if is_copied and size is not None else 0
        found[dataset] = Found(
            types={column: kind for column, kind, _ in shapes[dataset]},
            nullable=frozenset(column for column, _, nullable in shapes[dataset] if nullable),
            rows=rows,
        )
    return found


def _shapes(con: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, list[tuple[str, str, bool]]]:
    """Return the columns of all tables by dataset: name, type, whether it may be null."""
    shapes: dict[str, list[tuple[str, str, bool]]] = {}
    for schema, table, column, kind, nullable in con.execute(
        "SELECT schema_name, table_name, column_name, data_type, is_nullable "
        "FROM duckdb_columns() WHERE database_name = ?",
        [catalog],
    ).fetchall():
        shapes.setdefault(f"{schema}.{table}", []).append((column, kind, nullable))
    return shapes


def _sizes(con: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, int] | None:
    """Return the bytes of Parquet by table name; None where the catalog is no DuckLake.

    DuckLake does not tell the schema here, so tables of one name are taken together: one may be
    thought too large to copy, none too small. Rows that lie in the catalog are few.
    """
    asked = con.execute("SELECT type FROM duckdb_databases() WHERE database_name = ?", [catalog])
    if asked.fetchone() != ("ducklake",):
        return None
    return dict(
        con.execute(
            "SELECT table_name, sum(coalesce(file_size_bytes, 0))::BIGINT "
            "FROM ducklake_table_info(?) GROUP BY table_name",
            [catalog],
        ).fetchall()
    )


def _version(con: duckdb.DuckDBPyConnection, catalog: str) -> int:
    (version,) = con.execute("SELECT id FROM ducklake_current_snapshot(?)", [catalog]).fetchall()[0]
    return int(version)
