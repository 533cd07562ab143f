"""The tables that decisions are recorded in: made empty, so that they can be judged before any."""

from pathlib import Path
from typing import Any

import duckdb

import contracts
from contracts import Contract
from decisions.schemas import AFTERWARDS, SCHEMAS


def contract() -> Contract:
    """What must hold of the tables: the house's own, whatever sources CROSSDOCK_CONTRACTS has."""
    return contracts.read("decisions/record", Path(contracts.__file__).parent)


def provide(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables and columns that are not there yet; within the caller's transaction.

    A run's own tables and what becomes of it are in `decisions.schemas`, what proves it is in the
    contract alone.
    """
    con.execute("create schema if not exists lake.decisions")
    for name, schema in [*SCHEMAS.items(), *AFTERWARDS.items()]:
        con.register("rows", schema.empty_table())
        con.execute(f"create table if not exists lake.decisions.{name} as from rows limit 0")
        described = con.execute(f"describe lake.decisions.{name}").fetchall()
        has = {column for column, *_ in described}
        for column, kind, *_ in con.execute("describe rows").fetchall():
            if column not in has:
                con.execute(f"alter table lake.decisions.{name} add column {column} {kind}")
        con.unregister("rows")
    for table in contract().tables:
        if table.name not in {*SCHEMAS, *AFTERWARDS}:
            columns = ", ".join(f"{c.name} {c.physical_type}" for c in table.columns)
            con.execute(f"create table if not exists lake.decisions.{table.name} ({columns})")


def write(con: duckdb.DuckDBPyConnection, name: str, rows: list[dict[str, Any]]) -> None:
    """Put the rows of one run into a table, over those that the run had there."""
    for run_uid in {row["run_uid"] for row in rows}:
        con.execute(f"delete from lake.decisions.{name} where run_uid = ?", [run_uid])  # noqa: S608
    for row in rows:
        marks = ", ".join("?" for _ in row)
        con.execute(
            f"insert into lake.decisions.{name} ({', '.join(row)}) values ({marks})",  # noqa: S608
            list(row.values()),
        )
