"""Whether a catalog is sound: as a SQLite database, as a DuckLake, and for DuckDB to open."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb

from warehouse import sql
from warehouse.catalogs.sqlite import attach
from warehouse.session import open_duckdb
from warehouse.upkeep.finding import Finding, Kind

# Each asks for what must not be there; the first column says what it is about
# (https://ducklake.select/docs/stable/specification/tables/overview).
RULES = {
    "it has no snapshot": "SELECT 'it' WHERE NOT EXISTS (SELECT 1 FROM ducklake_snapshot)",
    "a file belongs to no table": """
        SELECT path FROM ducklake_data_file WHERE table_id NOT IN
            (SELECT table_id FROM ducklake_table)""",
    "deletes belong to no file": """
        SELECT path FROM ducklake_delete_file WHERE end_snapshot IS NULL AND data_file_id NOT IN
            (SELECT data_file_id FROM ducklake_data_file)""",
    "two files of deletes belong to one file": """
        SELECT f.path FROM ducklake_delete_file AS d JOIN ducklake_data_file AS f
            USING (data_file_id) WHERE d.end_snapshot IS NULL AND f.end_snapshot IS NULL
        GROUP BY f.path HAVING count(*) > 1""",
    "more rows are deleted than there are": """
        SELECT f.path FROM ducklake_delete_file AS d JOIN ducklake_data_file AS f
            USING (data_file_id) WHERE d.delete_count > f.record_count""",
    "a file is from a snapshot that is to come": """
        SELECT path FROM ducklake_data_file WHERE max(begin_snapshot, coalesce(end_snapshot, 0))
            > (SELECT max(snapshot_id) FROM ducklake_snapshot)""",
    "a file ends before it begins": """
        SELECT path FROM ducklake_data_file WHERE end_snapshot <= begin_snapshot""",
    "a number would be given twice": """
        SELECT path FROM ducklake_data_file WHERE data_file_id >=
            (SELECT max(next_file_id) FROM ducklake_snapshot)""",
    "two tables of a schema bear one name": """
        SELECT table_name FROM ducklake_table WHERE end_snapshot IS NULL
        GROUP BY schema_id, table_name HAVING count(*) > 1""",
    "a table has no column": """
        SELECT table_name FROM ducklake_table WHERE end_snapshot IS NULL AND table_id NOT IN
            (SELECT table_id FROM ducklake_column WHERE end_snapshot IS NULL)""",
    "rows in the catalog are not there": """
        SELECT table_name FROM ducklake_inlined_data_tables WHERE table_name NOT IN
            (SELECT name FROM sqlite_master)""",
}


def check(copy: Path, data: Path, called: str) -> Iterator[Finding]:
    """Check a copy of a catalog, which is `called` so to people."""
    try:
        with contextlib.closing(sqlite3.connect(copy)) as con:
            for (said,) in con.execute("PRAGMA integrity_check(5)").fetchall():
                if said != "ok":
                    yield Finding(Kind.CATALOG, called, said)
            for what, query in RULES.items():
                for (name,) in con.execute(query).fetchmany(5):
                    yield Finding(Kind.CATALOG, called, f"{what}: {name}")
    except sqlite3.Error as error:
        yield Finding(Kind.CATALOG, called, f"SQLite cannot read it: {error}")
        return
    yield from _bound(copy, data, called)


def _bound(copy: Path, data: Path, called: str) -> Iterator[Finding]:
    """Let DuckDB plan a query over every table and view, which reads none of their files."""
    with open_duckdb() as con:
        try:
            attach(con, copy, data, alias="lake", read_only=True)
            # One transaction: DuckLake reads its catalog anew for each.
            con.execute("BEGIN")
            tables = con.execute(
                # Not duckdb_tables(), which sizes each of them.
                "SELECT DISTINCT schema_name, table_name FROM duckdb_columns()"
                " WHERE database_name = 'lake'"
            ).fetchall()
        except duckdb.Error as error:
            yield Finding(Kind.CATALOG, called, f"DuckLake cannot open it: {error}")
            return
        for schema, table in tables:
            try:
                con.execute(f"EXPLAIN FROM {sql.name('lake', schema, table)}")
            except duckdb.Error as error:
                con.execute("ROLLBACK; BEGIN")
                place = f"{called}, table {schema}.{table}"
                yield Finding(Kind.CATALOG, place, f"DuckLake cannot open it: {error}")
