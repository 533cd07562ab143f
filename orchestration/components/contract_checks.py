"""Contracts as blocking checks: sources before dbt, canonical tables after it, then decisions."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import dagster as dg

import decisions
from contracts import Contract, Verdict
from orchestration.hub import Hub
from orchestration.judging import judge
from orchestration.tabulated import tabulated

CHECK = "contract"
_BROKEN = {
    "rule": "string",
    "status": "string",
    "severity": "string",
    "rows": "int",
    "message": "string",
    "mend": "string",
    "owner": "string",
}


class ContractChecks(dg.Component, dg.Model, dg.Resolvable):
    """One blocking check a table of a layer, from its ODCS contract."""

    layer: str

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return one op that judges the whole layer, with a check for each of its tables."""
        return dg.Definitions(asset_checks=[_checks(self.layer)])


def asset_key(contract: Contract, table: str) -> dg.AssetKey:
    """Return the asset that a contract's table describes."""
    return dg.AssetKey([contract.schema, table])


def _keys(contract: Contract, table: str) -> list[dg.AssetCheckKey]:
    """Return the checks of a table; one that decisions are kept in has one at every job."""
    if contract.layer == "decisions":
        made = [dg.AssetKey(["decisions", name]) for name in sorted(decisions.jobs())]
        return [dg.AssetCheckKey(key, table) for key in made]
    return [dg.AssetCheckKey(asset_key(contract, table), CHECK)]


def _checks(layer: str) -> dg.AssetChecksDefinition:
    found = Hub.open().contracts(layer)

    @dg.multi_asset_check(
        name=f"judge_{layer}",
        specs=[
            dg.AssetCheckSpec(
                name=key.name,
                asset=key.asset_key,
                blocking=True,
                description=f"{contract.key} {contract.version}, owned by {contract.owner} "
                f"({contract.channel})",
            )
            for contract in found
            for table in contract.tables
            for key in _keys(contract, table.name)
        ],
        can_subset=True,  # so that the UI can pull one source and judge it
    )
    def _judge(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        judgement = judge(Hub.open(), layer, context.log.info)
        by_dataset = defaultdict(list)
        for verdict in judgement.verdicts:
            by_dataset[verdict.dataset].append(verdict)
        for contract in found:
            for table in contract.tables:
                for key in _keys(contract, table.name):
                    if key in context.selected_asset_check_keys:
                        yield _result(key, by_dataset[contract.dataset(table.name)])

    return _judge


def _result(key: dg.AssetCheckKey, verdicts: list[Verdict]) -> dg.AssetCheckResult:
    """Return a table's check: passed only if rules were judged and none failed."""
    failed = [verdict for verdict in verdicts if verdict.status != "passed"]
    blocking = [verdict for verdict in failed if verdict.blocks]
    metadata: dict[str, Any] = {
        "rules": len(verdicts),
        "failed": len(failed),
        "seconds": round(sum(verdict.cost_s for verdict in verdicts), 3),
    }
    if failed:
        metadata["broken_rules"] = tabulated(
            _BROKEN,
            [
                (
                    verdict.rule,
                    verdict.status,
                    verdict.severity,
                    verdict.failing if verdict.failing is not None else -1,
                    verdict.message,
                    verdict.mend or "",
                    verdict.owner,
                )
                for verdict in failed
            ],
        )
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=bool(verdicts) and not failed,
        severity=dg.AssetCheckSeverity.ERROR
        if blocking or not verdicts
        else dg.AssetCheckSeverity.WARN,
        description="; ".join(verdict.message for verdict in failed[:3])
        or f"{len(verdicts)} rules passed",
        metadata=metadata,
    )
