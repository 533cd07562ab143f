"""What a build has to look at: what changed since the last one, where that one still stands.

The tables of the workbench are as the last build left them, so the mark of how far that build had
read the lake stands beside them. A build takes the mark away when it begins and writes it when it
has ended well: one that died, a part of the project, another workbench or a changed project are
followed by a build of everything. `build.changed` names the tables that the sources wrote to since,
to which each model adds itself where it changes; transforms/macros/increment.sql is the other half.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

import contracts
from contracts.queries import HELD
from warehouse.catalog import METADATA
from warehouse.lake import Lake
from warehouse.upkeep.compaction import MOVED

WORKBENCH = "workbench.duckdb"
# Raw rows below which it takes longer to find out what changed than to build everything.
SMALL = 1_000_000
_MADE = ("tables_created", "tables_dropped", "tables_altered")


@dataclass(frozen=True)
class Span:
    """The snapshots of the lake between two builds; `since` is None where everything is built.

    changed: of each raw table that sources wrote to, the ranges of snapshots that did, both ends
    included; those in which upkeep moved its rows are left out.
    """

    since: int | None
    until: int
    why: str
    changed: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)


def begin(
    lake: Lake, home: Path, project: str, *, is_whole: bool = True, small: int = SMALL
) -> Span:
    """Take the last build's mark away and say what this one builds.

    project: a text that changes with the models, macros and contracts. is_whole: whether every
    model will be built. small: raw rows up to which everything is built.
    """
    mark = _take(home)
    with lake.connect(read_only=True) as con:
        snapshots = con.execute(
            "select snapshot_id, changes, commit_message from lake.snapshots() order by 1"
        ).fetchall()
        kept = {number for number, _, _ in snapshots}
        until = max(kept)
        if not is_whole:
            return Span(None, until, "a part of the models is built")
        if (rows := _rows(con)) <= small:
            return Span(None, until, f"it is small, {rows:,} raw rows")
        if mark is None:
            return Span(None, until, "no finished build stands on the workbench")
        if mark[0] != project:
            return Span(None, until, "the models or contracts changed")
        if mark[1] not in kept:
            return Span(None, until, f"upkeep has expired snapshot {mark[1]} of the last build")
        changed, altered = _changes(con, [one for one in snapshots if one[0] > mark[1]])
    if altered:
        return Span(None, until, f"{', '.join(sorted(altered))} was made anew or has other columns")
    with duckdb.connect(str(home / WORKBENCH)) as con:
        con.execute("create or replace table build.changed (name varchar)")
        held = {f"{HELD}.{name.replace('.', '__')}": name for name in _raw()}
        for name in sorted({held.get(name, name) for name in changed}):
            con.execute("insert into build.changed values ($1)", [name])
    why = f"since snapshot {mark[1]}, in {len(changed)} tables"
    return Span(mark[1], until, why, changed)


def _rows(con: duckdb.DuckDBPyConnection) -> int:
    schemas = [contract.schema for contract in contracts.read_all("sources")]
    row = con.execute(
        f"""select coalesce(sum(stats.record_count), 0)
        from {METADATA}ducklake_table_stats as stats
        join {METADATA}ducklake_table as t on t.table_id = stats.table_id and t.end_snapshot is null
        join {METADATA}ducklake_schema as s on s.schema_id = t.schema_id
        where s.schema_name in (select unnest($1))""",  # noqa: S608 - a constant
        [schemas],
    ).fetchone()
    return int(row[0]) if row else 0


def _raw() -> set[str]:
    return {c.dataset(t.name) for c in contracts.read_all("sources") for t in c.tables}


def _changes(
    con: duckdb.DuckDBPyConnection, snapshots: Sequence[tuple[int, Mapping[str, list[str]], str]]
) -> tuple[dict[str, list[tuple[int, int]]], set[str]]:
    """Return which snapshots wrote to each raw table, and the tables made, dropped or altered.

    snapshots: number, changes as DuckLake tells them (ids of tables, or names of those made, by
    kind) and message of each, in order.
    """
    names = {
        str(number): f"{schema}.{table}"
        for number, schema, table in con.execute(
            f"""select t.table_id, s.schema_name, t.table_name
            from {METADATA}ducklake_table as t
            join {METADATA}ducklake_schema as s on s.schema_id = t.schema_id
            order by t.begin_snapshot"""  # noqa: S608 - a constant
        ).fetchall()
    }
    raw = _raw() | {f"{HELD}.{name.replace('.', '__')}" for name in _raw()}
    written = dict[str, list[tuple[int, int]]]()
    moved, altered = set[str](), set[str]()
    for number, changes, message in snapshots:
        for kind, tables in changes.items():
            for name in {names.get(table, table.replace('"', "")) for table in tables} & raw:
                if kind in _MADE:
                    altered.add(name)
                elif message == MOVED:
                    moved.add(name)
                elif name in written and name not in moved:
                    written[name][-1] = (written[name][-1][0], number)
                else:
                    written.setdefault(name, []).append((number, number))
                    moved.discard(name)
    return written, altered


def finish(home: Path, project: str, span: Span) -> None:
    """Mark that the workbench holds everything up to the end of a span."""
    with duckdb.connect(str(home / WORKBENCH)) as con:
        con.execute("insert into build.mark values ($1, $2)", [project, span.until])


@contextmanager
def exported(span: Span) -> Iterator[None]:
    """Tell dbt, whose processes take their environment when they start."""
    changes = {
        "CROSSDOCK_SINCE": "" if span.since is None else str(span.since),
        "CROSSDOCK_CHANGES": json.dumps(span.changed),
    }
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _take(home: Path) -> tuple[str, int] | None:
    with duckdb.connect(str(home / WORKBENCH)) as con:
        con.execute("create schema if not exists build")
        con.execute("create table if not exists build.mark (project varchar, snapshot bigint)")
        row = con.execute("delete from build.mark returning project, snapshot").fetchone()
    return (row[0], row[1]) if row else None
