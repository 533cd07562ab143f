"""What is different between two releases: rows, columns, contracts, verdicts."""

# Names come from the releases' own tables and from contracts, and are quoted (S608).
# ruff: noqa: S608

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from orchestration.hub import Hub
from warehouse.lake import attach
from warehouse.release import Release
from warehouse.sql import name as quoted


@dataclass(frozen=True)
class TableDiff:
    """How many rows of a table are new, gone and changed, by its key, and columns likewise."""

    name: str
    added: int
    gone: int
    changed: int
    columns_added: tuple[str, ...]
    columns_gone: tuple[str, ...]


@dataclass(frozen=True)
class ReleaseDiff:
    """The tables that differ, and what else does, worded for a person."""

    tables: tuple[TableDiff, ...]
    said: tuple[str, ...]


def between(hub: Hub, older: Release, newer: Release) -> ReleaseDiff:
    """Compare two releases; a table that only one has counts as empty in the other."""
    keys = {c.dataset(t.name): t.primary_key for c in hub.contracts("canonical") for t in c.tables}
    with _both(hub, older, newer) as con:
        found = [
            _table(con, name, keys.get(name, ())) for name in sorted({*older.tables, *newer.tables})
        ]
    return ReleaseDiff(
        tuple(one for one in found if one is not None), (*_contracts(older, newer),
                                                         *_verdicts(older, newer)),
    )  # fmt: skip


@contextmanager
def _both(hub: Hub, older: Release, newer: Release) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the newer release as `release`, and the older one beside it as `was`."""
    with hub.releases.open(older.release_id):
        pass  # refuses one that was altered
    with hub.releases.open(newer.release_id) as con:
        data = hub.lake.paths.data
        attach(con, older.path / "catalog.sqlite", data, alias="was", read_only=True)
        yield con


def _table(con: duckdb.DuckDBPyConnection, dataset: str, key: tuple[str, ...]) -> TableDiff | None:
    schema, _, table = dataset.partition(".")
    columns = {
        alias: [
            str(row[0])
            for row in con.execute(
                "select column_name from duckdb_columns() where database_name = ? "
                "and schema_name = ? and table_name = ? order by column_index",
                [alias, schema, table],
            ).fetchall()
        ]
        for alias in ("was", "release")
    }
    shared = [name for name in columns["release"] if name in columns["was"]]
    name = f"{quoted(schema)}.{quoted(table)}"
    by = [column for column in key if column in shared] or shared
    if not shared:
        sizes = [
            con.execute(f"select count(*) from {alias}.{name}").fetchall()[0][0] if there else 0
            for alias, there in columns.items()
        ]
        counts = (sizes[1], sizes[0], 0)
    else:
        listed = ", ".join(map(quoted, shared))
        keyed = ", ".join(map(quoted, by))
        # Rows that only one side has, twice where they stand twice.
        con.execute(
            f"create or replace temp table apart as "
            f"select 1 as side, * from (select {listed} from release.{name} except all "
            f"select {listed} from was.{name}) union all "
            f"select 0, * from (select {listed} from was.{name} except all "
            f"select {listed} from release.{name})"
        )
        ((new, old, both),) = con.execute(
            f"select count(*) filter (side = 1), count(*) filter (side = 0), "
            f"(select count(*) from (select {keyed} from apart group by all "
            f"having count(distinct side) = 2)) from apart"
        ).fetchall()
        counts = (new - both, old - both, both)
    added = tuple(c for c in columns["release"] if c not in shared)
    gone = tuple(c for c in columns["was"] if c not in shared)
    return TableDiff(dataset, *counts, added, gone) if any(counts) or added or gone else None


def _contracts(older: Release, newer: Release) -> Iterator[str]:
    was, now = older.contract_versions, newer.contract_versions
    for key in sorted({*was, *now}):
        if was.get(key) != now.get(key):
            yield f"Contract {key}: {was.get(key, 'none')} -> {now.get(key, 'none')}"


def _verdicts(older: Release, newer: Release) -> Iterator[str]:
    sides = [
        {(v["dataset"], v["rule"]): v["status"] for v in one.verdicts} for one in (older, newer)
    ]
    for key in sorted({*sides[0], *sides[1]}):
        was, now = (side.get(key, "not there") for side in sides)
        if was != now:
            yield f"Rule {key[0]} {key[1]}: {was} -> {now}"
