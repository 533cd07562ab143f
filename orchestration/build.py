"""Which state of the sources a build was made from, so that a release cuts all of them together."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

import contracts
from orchestration import holding
from warehouse import files
from warehouse.lake import Lake
from warehouse.landing.shape import META

TABLE = "hub.build"
# A value of each type of a contract's column, where it is not a number.
_ANY = {"VARCHAR": "''", "JSON": "'0'", "BOOLEAN": "false", "TIME": "'00:00'"}
_ANY |= dict.fromkeys(("DATE", "TIMESTAMPTZ"), "'1970-01-01'")
_SCHEMA = pa.schema(
    [
        ("build_id", pa.string()),
        ("source_mark", pa.string()),
        ("finished_at", pa.timestamp("us", tz="UTC")),
    ]
)


@dataclass(frozen=True)
class Build:
    """A finished run of the dbt project and the state of the sources that it saw."""

    build_id: str
    source_mark: str
    finished_at: datetime


def source_mark(con: duckdb.DuckDBPyConnection) -> str:
    """Return a text that changes whenever a load commits, or what is held apart changes.

    How many batches there were, the newest, and how often something was held or healed.
    """
    try:
        row = con.execute(
            "select count(*) || '@' || coalesce(max(batch_id), '') || coalesce("
            "(select '+' || nullif(count(*), 0) from lake.hub.hold), '') from lake.hub.ledger"
        ).fetchone()
    except duckdb.CatalogException:  # nothing has ever been loaded
        return "0@"
    return str(row[0]) if row else "0@"


def newest(con: duckdb.DuckDBPyConnection) -> Build | None:
    """Return the newest finished build, or None where none has finished."""
    try:
        row = con.execute(
            f"""select build_id, source_mark, finished_at from lake.{TABLE}
                order by finished_at desc limit 1"""  # noqa: S608 - a constant
        ).fetchone()
    except duckdb.CatalogException:
        return None
    return Build(*row) if row else None


def provide_tables(con: duckdb.DuckDBPyConnection, *only: str) -> None:
    """Create, empty, the contracted tables that are not there yet; of `only` sources where named.

    A model cannot be built over a raw table that nothing has landed in; over an empty one it gives
    no row. Canonical tables are made here too, all in one transaction: dbt would make one at a
    time, and every change of the lake's schema costs its next reader 0.1 s.
    """
    # Not from duckdb_tables(), which sizes every table: 1.2 s for the demo's 113, this 0.1 s.
    there = {
        tuple(row)
        for row in con.execute(
            "select distinct schema_name, table_name from duckdb_columns()"
            " where database_name = 'lake'"
        ).fetchall()
    }
    listed = [c for c in contracts.read_all("sources") if not only or c.name in only]
    holding.provide(con, listed, there)
    if not only:
        listed += contracts.read_all("canonical")
    missing = [
        (contract, table)
        for contract in listed
        for table in contract.tables
        if (contract.schema, table.name) not in there
    ]
    for schema in {contract.schema for contract, _ in missing}:
        con.execute(f'create schema if not exists lake."{schema}"')
    con.execute("begin")
    for contract, table in missing:
        columns = [(c.name, c.physical_type, c.required) for c in table.columns]
        if contract.layer == "sources":
            columns = [(name, kind, False) for name, kind, _ in columns]
            columns += [(name, kind, False) for name, kind in META.items()]
        name = f'lake."{contract.schema}"."{table.name}"'
        spelled = [f'"{n}" {kind}{" not null" * filled}' for n, kind, filled in columns]
        con.execute(f"create table {name} ({', '.join(spelled)})")
        # One that never held a row takes DuckLake 5 ms a column to plan a read of (ducklake#1313).
        # One that held a row for a moment takes as long as any: so it does, of no meaning.
        values = ", ".join(_ANY.get(kind, "0") for _, kind, _ in columns)
        con.execute(f"insert into {name} values ({values})")  # noqa: S608 - names of contracts
        con.execute(f"delete from {name}")  # noqa: S608
    con.execute("commit")


@contextmanager
def recorded(lake: Lake, timeout_s: float) -> Iterator[None]:
    """Hold the lake's lock while dbt builds, and record the build when it has finished well.

    A build that dies leaves no record, so that nothing can be released from it.
    """
    with lake.lock(timeout=timeout_s, purpose="dbt build"):
        with lake.connect() as con:
            provide_tables(con)
            holding.hold(lake, con, contracts.read_all("sources"))
            mark = source_mark(con)
        yield
        lake.append(
            TABLE,
            pa.Table.from_pylist(
                [
                    {
                        "build_id": uuid.uuid4().hex,
                        "source_mark": mark,
                        "finished_at": datetime.now(UTC),
                    }
                ],
                schema=_SCHEMA,
            ),
        )
        files.seal_all(lake, datetime.now(UTC))  # dbt writes its tables itself
