"""Contracts judged: a verdict a layer as an asset, and what came of each rule as asset checks.

The verdict is what a release hangs on. The checks only show it, each at its table, and do not
block: what failed stops the jobs that stand on it (`gate.py`), not the building of the rest.
Every check costs Dagster's SQLite several commits (3,000 took 168 s beside other work, a tenth of
them a tenth), so that rules which a column's own declaration makes share one check a table.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

import decisions
from contracts import Contract, CrossdockError, Rule, Table
from contracts.promises import PROMISES
from contracts.reader import LAYERS
from orchestration import judging
from orchestration.hub import Hub
from orchestration.tabulated import tabulated
from warehouse.release import is_blocking

SCHEMA = "contract"
# Kinds of rules that are written as such, in `quality:` or `slaProperties:`.
WRITTEN = frozenset(
    {"sql", "rowCount", "greatExpectations", *PROMISES}
    | {"nullValues", "missingValues", "invalidValues", "duplicateValues"}
)
_BROKEN = {
    "rule": "string",
    "status": "string",
    "severity": "string",
    "rows": "int",
    "message": "string",
    "mend": "string",
    "owner": "string",
}
_Row = Mapping[str, Any]


class ContractsBroken(CrossdockError):
    """A layer's contracts are broken, which ends the step that shows it in error."""


class ContractChecks(dg.Component, dg.Model, dg.Resolvable):
    """A layer's verdict as an asset, and its rules as checks, from the ODCS contracts."""

    layer: str

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return one op that judges the layer, and one that shows each of its rules."""
        found = Hub.open().contracts(self.layer)
        return dg.Definitions(
            assets=[_verdict(self.layer, found)], asset_checks=[_checks(self.layer, found)]
        )


def verdict_key(layer: str) -> dg.AssetKey:
    """Return the asset that is a layer's verdict."""
    return dg.AssetKey(["verdict", layer])


def asset_keys(contract: Contract, table: str) -> list[dg.AssetKey]:
    """Return the assets that a contract's table describes: recorded decisions, all jobs."""
    if contract.layer == "decisions":
        return [dg.AssetKey(["decisions", name]) for name in sorted(decisions.jobs())]
    return [dg.AssetKey([contract.schema, table])]


def check_names(contract: Contract, table: Table) -> dict[str, list[Rule]]:
    """Return a table's checks with the rules that each shows.

    Rules that are written as such have a check of their own; those that a column's declaration
    makes (type, required, key, range, reference) share one.
    """
    shared = table.name if contract.layer == "decisions" else SCHEMA
    named: dict[str, list[Rule]] = {shared: []}
    for rule in table.rules:
        is_own = rule.kind in WRITTEN and contract.layer != "decisions"
        name = re.sub(r"\W", "_", rule.id) if is_own else shared
        named.setdefault(name, []).append(rule)
    return named


def _verdict(layer: str, found: Sequence[Contract]) -> dg.AssetsDefinition:
    key = verdict_key(layer)
    judged = {k for contract in found for table in contract.tables
              for k in asset_keys(contract, table.name)}  # fmt: skip

    @dg.multi_asset(
        name=f"judge_{layer}",
        specs=[
            dg.AssetSpec(
                key,
                deps=sorted(judged),
                group_name="verdict",
                kinds={"greatexpectations"},
                description=f"What every rule on {layer} found, at one snapshot.",
                automation_condition=dg.AutomationCondition.eager(),
            )
        ],
        # Sources first: before anything is built of them, and before what may be their echo.
        op_tags={"dagster/priority": str(len(LAYERS) - LAYERS.index(layer))},
    )
    def _judge(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        rows = judging.judge(Hub.open(), layer, context.log.info).rows()
        failed = [row for row in rows if row["status"] != "passed"]
        return dg.MaterializeResult(
            metadata={"rules": len(rows), "failed": len(failed), "broken_rules": _told(failed)}
        )

    return _judge


def _checks(layer: str, found: Sequence[Contract]) -> dg.AssetChecksDefinition:
    shown: dict[dg.AssetCheckKey, tuple[Contract, Table, list[Rule]]] = {
        dg.AssetCheckKey(key, name): (contract, table, rules)
        for contract in found
        for table in contract.tables
        for name, rules in check_names(contract, table).items()
        for key in asset_keys(contract, table.name)
    }

    @dg.multi_asset_check(
        name=f"check_{layer}",
        specs=[
            dg.AssetCheckSpec(
                key.name,
                asset=key.asset_key,
                additional_deps=[verdict_key(layer)],
                description=_described(*entry),
                metadata=_declared(entry[2]),
            )
            for key, entry in shown.items()
        ],
        can_subset=True,  # so that the UI can pull one source and judge it
    )
    def _show(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        stats = context.instance.get_run_stats(context.run.run_id)
        began = datetime.fromtimestamp(stats.start_time or stats.launch_time or 0, UTC)
        rows = judging.rows_since(Hub.open(), layer, began, context.log.info)
        by_rule = {(row["dataset"], row["rule"]): row for row in rows}
        for key, (contract, table, rules) in shown.items():
            if key in context.selected_asset_check_keys:
                dataset = contract.dataset(table.name)
                yield _result(key, rules, [by_rule.get((dataset, rule.id)) for rule in rules])
        if any(is_blocking(row) for row in rows):
            raise ContractsBroken(judging.worst(rows))

    return _show


def _described(contract: Contract, table: Table, rules: Sequence[Rule]) -> str:
    owned = f"{contract.key} {contract.version}, owned by {contract.owner} ({contract.channel})"
    if len(rules) == 1 and rules[0].kind in WRITTEN:
        return f"{rules[0].description or rules[0].id} ({owned})"
    what = f"Types, keys, references and limits of {table.name}'s columns"
    return f"{what}: {len(rules)} rules of {owned}"


def _declared(rules: Sequence[Rule]) -> dict[str, Any]:
    """Return what a rule declares of itself, for a check that shows one rule."""
    if len(rules) != 1 or rules[0].kind not in WRITTEN:
        return {"rules": len(rules)}
    (rule,) = rules
    told = {"severity": rule.severity, "dimension": rule.dimension, "kind": rule.kind}
    return {**told, "column": rule.column or "", "mend": rule.mend or ""}


def _result(
    key: dg.AssetCheckKey, rules: Sequence[Rule], rows: Sequence[_Row | None]
) -> dg.AssetCheckResult:
    """Return what came of a check: passed only if each of its rules was judged and held."""
    judged = [row for row in rows if row is not None]
    failed = [row for row in judged if row["status"] != "passed"]
    unjudged = len(rules) - len(judged)
    metadata: dict[str, Any] = {
        "rules": len(rules),
        "failed": len(failed) + unjudged,
        "seconds": round(sum(row["cost_s"] for row in judged), 3),
    }
    if len(rules) == 1 and judged:
        shown = ("failing", "held", "evaluated", "mend", "owner", "channel")
        metadata |= {name: judged[0][name] for name in shown if judged[0][name] is not None}
        if judged[0]["sample"]:
            sample = [(row,) for row in judged[0]["sample"]]
            metadata["breaking_rows"] = tabulated({"row": "string"}, sample)
    elif failed:
        metadata["broken_rules"] = _told(failed)
    said = [str(row["message"]) for row in failed[:3]]
    said += [f"{unjudged} of {len(rules)} rules were not judged."] if unjudged else []
    is_error = bool(unjudged) or not rules or any(is_blocking(row) for row in failed)
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=bool(rules) and not failed and not unjudged,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        description="; ".join(said) or f"{len(rules)} rules passed",
        metadata=metadata,
    )


def _told(failed: Sequence[_Row]) -> dg.TableMetadataValue:
    return tabulated(
        _BROKEN,
        [
            (
                f"{row['dataset']} {row['rule']}",
                row["status"],
                row["severity"],
                row["failing"] if row["failing"] is not None else -1,
                row["message"],
                row["mend"] or "",
                row["owner"],
            )
            for row in failed
        ],
    )
