"""Hold apart the rows that break a rule of policy quarantine, and let them go when they heal."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

import duckdb

from contracts import Contract, Table
from contracts.holding import HEALED, RULE, SINCE, columns, holders, to_hold
from contracts.queries import HELD, held_name, quoted
from warehouse.lake import Lake

LOG = "hub.hold"


def provide(
    con: duckdb.DuckDBPyConnection, listed: Iterable[Contract], there: Collection[tuple[str, ...]]
) -> None:
    """Create the tables of held keys that are missing; `there` are schema and name of all tables.

    The staging of a table that may hold rows reads it from the first build on.
    """
    missing = [
        (contract, table)
        for contract, table in holders(listed)
        if (HELD, held_name(contract, table.name)) not in there
    ]
    if missing:
        con.execute(f"create schema if not exists lake.{HELD}")
    for contract, table in missing:
        spelled = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns(table).items())
        con.execute(f"create table {_named(contract, table)} ({spelled})")


def hold(lake: Lake, con: duckdb.DuckDBPyConnection, listed: Sequence[Contract]) -> None:
    """Bring what is held apart up to the rows and contracts of now, in one commit.

    con: of the lake, with its lock held and no transaction open. Rows that no longer break their
    rule are healed from now on; where nothing changed nothing is written.
    """
    there = {
        str(name)
        for (name,) in con.execute(
            "select distinct table_name from duckdb_columns() "
            "where database_name = 'lake' and schema_name = ?",
            [HELD],
        ).fetchall()
    }
    provide(con, listed, {(HELD, name) for name in there})
    for contract in listed:
        for table in contract.tables:
            if table.holds or held_name(contract, table.name) in there:
                _hold(lake, con, contract, table)


def _hold(lake: Lake, con: duckdb.DuckDBPyConnection, contract: Contract, table: Table) -> None:
    wanted = to_hold(con, contract, table)
    held = _named(contract, table)
    keys = [*table.primary_key, RULE]
    same = ", ".join(quoted(name) for name in keys)
    now = datetime.now(UTC)
    con.register("wanted", wanted if wanted.num_columns else _none(con, held, same))
    try:
        coming, going = (
            [row[0] for row in con.execute(sql).fetchall()]
            for sql in (
                f"select {RULE} from wanted anti join (select {same} from {held} where {HEALED} is "  # noqa: S608
                f"null) using ({same})",
                f"select {RULE} from {held} anti join wanted using ({same}) "  # noqa: S608
                f"where {HEALED} is null",
            )
        )
        if not coming and not going:
            return
        con.execute("begin")
        con.execute(
            f"update {held} set {HEALED} = ? where {HEALED} is null "  # noqa: S608
            f"and ({same}) not in (select ({same}) from wanted)",
            [now],
        )
        con.execute(
            f"insert into {held} by name select wanted.*, ?::timestamptz as {SINCE} "  # noqa: S608
            f"from wanted anti join (select {same} from {held} where {HEALED} is null) "
            f"using ({same})",
            [now],
        )
        held_by, healed_by = Counter(coming), Counter(going)
        for rule in sorted(held_by | healed_by):
            con.execute(
                f"insert into lake.{LOG} values (?, ?, ?, ?, ?, ?)",  # noqa: S608
                [
                    now, contract.dataset(table.name), rule, contract.version,
                    held_by[rule], healed_by[rule],
                ],
            )  # fmt: skip
        lake.commit(con, "rows held apart")
    finally:
        con.unregister("wanted")


def _named(contract: Contract, table: Table) -> str:
    return f"lake.{HELD}.{quoted(held_name(contract, table.name))}"


def _none(con: duckdb.DuckDBPyConnection, held: str, same: str) -> object:
    return con.execute(f"select {same} from {held} where false").to_arrow_table()  # noqa: S608
