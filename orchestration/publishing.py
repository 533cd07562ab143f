"""Cut a release from what was judged, or say why there is nothing to cut."""

from collections.abc import Sequence

import duckdb

from contracts import Contract, CrossdockError, Rule
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
            marks = _as_of(con, hub.contracts("sources"))
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


def freshness_rules(contract: Contract) -> list[Rule]:
    """Return the rules that say how old a source's newest row may be."""
    return [rule for table in contract.tables for rule in table.rules if rule.kind == "freshness"]


def _as_of(con: duckdb.DuckDBPyConnection, listed: Sequence[Contract]) -> dict[str, str | None]:
    """Return, for each source, the newest instant of which it speaks (its freshness element)."""
    marks: dict[str, str | None] = {}
    for contract in listed:
        for rule in freshness_rules(contract):
            row = con.execute(
                f'select max("{rule.column}") from lake."{contract.schema}"."{rule.table}"'  # noqa: S608 - from a contract
            ).fetchone()
            marks[contract.name] = row[0].isoformat() if row and row[0] else None
    return marks


def _orphans(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("select count(*) from lake.canonical.orphan").fetchone()
    return int(row[0]) if row else 0
