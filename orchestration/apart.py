"""What is held apart by rules of policy quarantine, for people: counted by rule, and row by row."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from contracts import Contract, CrossdockError, Table
from contracts.document import choices
from contracts.holding import HEALED, RULE, SINCE, holders
from contracts.queries import HELD, held_name, quoted
from contracts.verdict import REDACTED


@dataclass(frozen=True)
class Group:
    """The rows that one rule holds: how many, since when, and how many healed before."""

    dataset: str
    rule: str
    rows: int
    since: datetime | None
    healed: int
    owner: str
    mend: str


def groups(con: duckdb.DuckDBPyConnection, listed: Iterable[Contract]) -> list[Group]:
    """Return what each rule holds or held, in order of table and rule."""
    found: list[Group] = []
    for contract, table in _there(con, listed):
        mends = {rule.id: rule.mend or "" for rule in table.rules}
        for rule, rows, since, healed in con.execute(
            f"select {RULE}, count(*) filter ({HEALED} is null), "  # noqa: S608 - names of ours
            f"min({SINCE}) filter ({HEALED} is null), count({HEALED}) "
            f"from lake.{HELD}.{quoted(held_name(contract, table.name))} group by 1 order by 1"
        ).fetchall():
            mend = mends.get(rule, "")
            place = contract.dataset(table.name)
            found.append(Group(place, rule, rows, since, healed, contract.owner, mend))
    return found


def rows(
    con: duckdb.DuckDBPyConnection, listed: Iterable[Contract], dataset: str, *, is_open: bool
) -> list[dict[str, Any]]:
    """Return the held rows of a table: rule, key (classified values redacted), since, until when.

    Raises CrossdockError for a table that holds none, with those that do.
    """
    there = {c.dataset(t.name): (c, t) for c, t in _there(con, listed)}
    if dataset not in there:
        raise CrossdockError(f"{dataset} holds no rows apart. {choices(dataset, sorted(there))}")
    contract, table = there[dataset]
    asked = con.execute(
        f"from lake.{HELD}.{quoted(held_name(contract, table.name))} "
        f"where {HEALED} is null or {not is_open} order by all"
    )
    return [_shown(table, row) for row in asked.to_arrow_table().to_pylist()]


def _shown(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    keys = {
        name: REDACTED if table.column(name).is_personal else row[name]
        for name in table.primary_key
    }
    return {"rule": row[RULE], **keys, "held_since": row[SINCE], "healed_at": row[HEALED]}


def _there(
    con: duckdb.DuckDBPyConnection, listed: Iterable[Contract]
) -> list[tuple[Contract, Table]]:
    made = {
        name
        for (name,) in con.execute(
            "select distinct table_name from duckdb_columns() "
            "where database_name = 'lake' and schema_name = ?",
            [HELD],
        ).fetchall()
    }
    return [(c, t) for c, t in holders(listed) if held_name(c, t.name) in made]
