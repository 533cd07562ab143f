"""Cut a release from what was judged, or say why there is nothing to cut."""

from collections.abc import Sequence

import duckdb

from contracts import Contract, CrossdockError, Rule
from contracts.promises import AGING, ARRIVED
from contracts.reader import RELEASED
from orchestration import build, judging
from orchestration.hub import Hub
from warehouse.release import Release


class ReleaseRefused(CrossdockError):
    """The candidate was not judged as it stands; the last good release stays."""


def publish(hub: Hub) -> Release:
    """Cut the newest build: a release for readers, or a partial one beside it if a contract failed.

    All sources are cut together: the sources' verdict, the build and the canonical verdict must
    speak of the same state of the lake. Raises ReleaseRefused with what is missing.
    """
    with hub.lake.lock(timeout=hub.settings.lock_timeout_s, purpose="publish a release"):
        with hub.lake.connect(read_only=True) as con:
            mark = build.source_mark(con)
            newest = build.newest(con)
            marks = as_of(con, hub.contracts("sources"))
            orphans = _orphans(con)
        newest_of = judging.newest(hub)
        layers = {layer: newest_of[layer] for layer in RELEASED}
        _refuse_unless_whole(hub.contracts(), layers, mark, newest)
        verdicts = [*layers["sources"], *layers["canonical"]]
        return hub.releases.publish(
            verdicts,
            contract_versions={contract.key: contract.version for contract in hub.contracts()},
            as_of_marks=marks,
            orphans=orphans,
            now=hub.settings.clock(),
        )


def _refuse_unless_whole(
    asked: Sequence[Contract],
    layers: dict[str, list[dict[str, object]]],
    mark: str,
    newest: build.Build | None,
) -> None:
    if newest is None:
        raise ReleaseRefused("Nothing has been built yet. Run `crossdock unify` first.")
    if newest.source_mark != mark:
        raise ReleaseRefused(
            "Sources were pulled after the last build. Run `crossdock unify`, then "
            "`crossdock check`."
        )
    for layer, verdicts in layers.items():
        if not verdicts:
            raise ReleaseRefused(f"No {layer} contract has been judged. Run `crossdock check`.")
        if {row["source_mark"] for row in verdicts} != {mark}:
            raise ReleaseRefused(
                f"The {layer} verdicts are of an older pull. Run `crossdock check`."
            )
    if {row["build_id"] for row in layers["canonical"]} != {newest.build_id}:
        raise ReleaseRefused("The canonical verdicts are of an older build. Run `crossdock check`.")
    judged = {(row["contract"], row["dataset"]) for verdicts in layers.values() for row in verdicts}
    for contract in asked:
        for table in contract.tables:
            if (contract.key, contract.dataset(table.name)) not in judged:
                raise ReleaseRefused(
                    f"Contract {contract.key}: no rule of table {table.name} has been judged. "
                    "Run `crossdock check`."
                )


def aging_rules(contract: Contract) -> list[Rule]:
    """Return a source's promises of time that break by themselves, though nothing is written."""
    return [rule for table in contract.tables for rule in table.rules if rule.kind in AGING]


def mark_of(contract: Contract, rule: Rule) -> str:
    """Name the newest instant that an aging promise is held against: source.table.column."""
    column = ARRIVED if rule.kind == "frequency" else rule.column
    return f"{contract.name}.{rule.table}.{column}"


def as_of(con: duckdb.DuckDBPyConnection, listed: Sequence[Contract]) -> dict[str, str | None]:
    """Return the newest instant that each aging promise of a source is held against later.

    Under the source's own name stands the one of which it speaks (its freshness element).
    """
    marks: dict[str, str | None] = {}
    for contract in listed:
        for rule in aging_rules(contract):
            mark = mark_of(contract, rule)
            column = mark.rpartition(".")[2]
            row = con.execute(
                f'select max("{column}")::timestamptz from lake."{contract.schema}"."{rule.table}"'  # noqa: S608 - from a contract
            ).fetchone()
            marks[mark] = row[0].isoformat() if row and row[0] else None
            if rule.kind == "freshness":
                marks[contract.name] = marks[mark]
    return marks


def _orphans(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("select count(*) from lake.canonical.orphan").fetchone()
    return int(row[0]) if row else 0
