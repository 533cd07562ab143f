"""Which state of the sources a build was made from, so that a release cuts all of them together."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

import contracts
from warehouse import files
from warehouse.lake import Lake
from warehouse.landing.shape import META

TABLE = "hub.build"
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


def source_mark(con: duckdb.DuckDBPyConnection) -> str:
    """Return a text that changes whenever a load commits: how many batches, and the newest."""
    try:
        row = con.execute(
            "select count(*) || '@' || coalesce(max(batch_id), '') from lake.hub.ledger"
        ).fetchone()
    except duckdb.CatalogException:  # nothing has ever been loaded
        return "0@"
    return str(row[0]) if row else "0@"


def newest(con: duckdb.DuckDBPyConnection) -> Build | None:
    """Return the newest finished build, or None where none has finished."""
    try:
        row = con.execute(
            f"select build_id, source_mark from lake.{TABLE} order by finished_at desc limit 1"  # noqa: S608 - a constant
        ).fetchone()
    except duckdb.CatalogException:
        return None
    return Build(*row) if row else None


def provide_tables(con: duckdb.DuckDBPyConnection, *only: str) -> None:
    """Create, empty, the raw tables that models read and nothing has landed yet; of `only` sources.

    A source that is not listed has none, and a model cannot be built over a table that is not
    there; over an empty one it gives no row.
    """
    there = {
        tuple(row)
        for row in con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'lake'"
        ).fetchall()
    }
    for contract in contracts.read_all("sources"):
        if only and contract.name not in only:
            continue
        for table in contract.tables:
            if (contract.schema, table.name) in there:
                continue
            columns = [f'"{column.name}" {column.physical_type}' for column in table.columns]
            columns += [f'"{name}" {type_}' for name, type_ in META.items()]
            name = f'lake."{contract.schema}"."{table.name}"'
            # A table that never held a row plans slowly (transforms/macros/table.sql, `acquaint`).
            con.execute(f'''create schema if not exists lake."{contract.schema}";
                begin;
                create table {name} ({", ".join(columns)});
                insert into {name} values ({", ".join(["null"] * len(columns))});
                delete from {name};
                commit''')  # noqa: S608 - names of contracts


@contextmanager
def recorded(lake: Lake, timeout_s: float) -> Iterator[None]:
    """Hold the lake's lock while dbt builds, and record the build when it has finished well.

    A build that dies leaves no record, so that nothing can be released from it.
    """
    with lake.lock(timeout=timeout_s, purpose="dbt build"):
        with lake.connect() as con:
            provide_tables(con)
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
