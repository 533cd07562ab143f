"""Rows that are held apart because they break a rule of policy quarantine.

They stay in their raw table; their keys stand in a table of schema `held` beside it, a row a key
and rule, open until `_healed_at`. Staging leaves out what is open (transforms/macros/held.sql), so
that nothing is moved, and a row heals whatever mends it: a source that tells it anew, the row that
it leads to, or another contract.
"""

# Names come from contracts, which are code of the house, and are quoted (S608).
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb

from contracts.comparators import holds
from contracts.model import Contract, Rule, Table
from contracts.policy import HELD_AT_MOST
from contracts.queries import HELD, Query, held_name, held_relation, named, query, quoted
from contracts.state import Found, state

if TYPE_CHECKING:
    import pyarrow as pa

RULE, SINCE, HEALED = "_rule", "_held_since", "_healed_at"


@dataclass(frozen=True)
class Apart:
    """What became of the rows that break a rule: how many are held, and in words.

    ``is_enough`` where all of them are held, and they are few enough for the rest to go on.
    """

    held: int
    is_enough: bool
    said: str


def holders(listed: Iterable[Contract]) -> list[tuple[Contract, Table]]:
    """Return the tables that hold rows apart, each with its contract."""
    return [(contract, table) for contract in listed for table in contract.tables if table.holds]


def columns(table: Table) -> dict[str, str]:
    """Return the columns of a table's held keys, with DuckDB's types."""
    own = {name: table.column(name).physical_type for name in table.primary_key}
    return {**own, RULE: "VARCHAR", SINCE: "TIMESTAMPTZ", HEALED: "TIMESTAMPTZ"}


def to_hold(
    con: duckdb.DuckDBPyConnection, contract: Contract, table: Table, *, catalog: str = "lake"
) -> pa.Table:
    """Return the keys of the rows of a table that break its rules of policy quarantine now.

    A row a key and rule, with the columns of the key and `_rule`. A rule that cannot be held
    against the table gives none: its verdict says so, and blocks. Takes no lock, writes nothing.
    """
    import pyarrow as pa

    keys = ", ".join(quoted(name) for name in table.primary_key)
    parts: list[pa.Table] = []
    with state(con, named([(contract, table)]), catalog) as found:
        if not set(table.primary_key) <= _types(found, contract.dataset(table.name)):
            return pa.table({})
        for rule in table.rules:
            if rule.holds:
                # Held rows have no age: `now` is of no meaning to what can be held.
                sql = query(rule, contract, now=datetime.min.replace(tzinfo=UTC)).sql
                try:
                    asked = f"SELECT DISTINCT {keys}, ? AS {RULE} FROM ({sql}\n) AS broken"
                    parts.append(con.execute(asked, [rule.id]).to_arrow_table())
                except duckdb.Error:
                    continue
    return pa.concat_tables(parts, promote_options="permissive") if parts else pa.table({})


def apart(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    table: Table,
    rule: Rule,
    broken: Query,
    found: Mapping[str, Found],
    failing: int,
    evaluated: int | None,
    *,
    is_rehearsed: bool = False,
) -> Apart:
    """Say how many of the rows that break a rule are held apart in the state that is judged."""
    held = f"{HELD}.{held_name(contract, table.name)}"
    loose = failing
    if is_rehearsed:
        loose = 0
    elif {*table.primary_key, RULE} <= _types(found, held):
        keys = ", ".join(quoted(column) for column in table.primary_key)
        row = con.execute(
            f"SELECT count(*) FROM ({broken.sql}\n) AS broken ANTI JOIN (SELECT {keys} FROM "
            f"{held_relation(contract, table.name)} "
            f"WHERE {RULE} = ? AND {HEALED} IS NULL) AS held USING ({keys})",
            [rule.id],
        ).fetchone()
        loose = row[0] if row else failing
    if loose:
        text = f"{loose} of them are not held apart yet: `crossdock check` does it."
        return Apart(failing - loose, is_enough=False, said=text)
    share = 100 * failing / evaluated if evaluated else 100.0
    comparator, unit = rule.comparator, rule.unit
    if comparator == ("mustBe", 0):
        comparator, unit = ("mustBeLessOrEqualTo", HELD_AT_MOST), "percent"
    if holds(comparator, share if unit == "percent" else failing):
        which = "It is" if failing == 1 else "They are"
        text = f"{which} held apart until that is mended; the other rows go on."
        return Apart(failing, is_enough=True, said=text)
    limit = f"{comparator[1]:g} {unit}"
    return Apart(failing, is_enough=False, said=f"That is too many to be held apart ({limit}).")


def _types(found: Mapping[str, Found], dataset: str) -> set[str]:
    return set(found[dataset].types) if dataset in found else set()
