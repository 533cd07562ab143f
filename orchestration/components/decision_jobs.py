"""Decision jobs as assets: each reads what it declares, and starts only through its gate."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import dagster as dg

import decisions
from decisions import Job
from orchestration import plots
from orchestration.components.published_release import KEY as RELEASE
from orchestration.deciding import decide
from orchestration.gate import refusal, standing
from orchestration.hub import Hub
from orchestration.tabulated import tabulated

OPEN = "open"


class DecisionJobs(dg.Component, dg.Model, dg.Resolvable):
    """Every job of decisions/, found by its file: no entry here to add one."""

    owner: str

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return two assets a job: its gate, and what it decides."""
        listed = [job for _, job in sorted(decisions.jobs().items())]
        return dg.Definitions(
            assets=[make(job, self.owner) for job in listed for make in (_gate, _asset)]
        )


def gate_key(job: str) -> dg.AssetKey:
    """Return the asset that is a job's gate."""
    return dg.AssetKey(["gate", job])


def _gate(job: Job[Any], owner: str) -> dg.AssetsDefinition:
    """Make the asset whose blocking check holds this job back, and no other."""
    key = gate_key(job.name)

    @dg.multi_asset(
        name=f"gate_{job.name}",
        specs=[
            dg.AssetSpec(
                key,
                deps=[RELEASE],
                group_name="gate",
                owners=[f"team:{owner}"],
                kinds={"python"},
                description=f"Whether {job.name} may start: the columns that it reads, all that "
                "they are made of, and the age of their sources.",
                automation_condition=dg.AutomationCondition.eager(),
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(OPEN, asset=key, blocking=True, description=f"{job.name} may start.")
        ],
    )
    def _look(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        now = standing(Hub.open(), job.name)
        if now.unanswered is not None:  # no verdict of the check, but a step that failed
            raise refusal(now) from now.unanswered
        upstream = now.upstream
        metadata: dict[str, Any] = {
            "release": now.release.release_id if now.release else "none",
            "broken_elsewhere": [f"{v['dataset']} {v['rule']}" for v in now.unreached],
        }
        if upstream is not None:
            metadata |= {"fields": len(upstream.fields), "tables": sorted(upstream.tables)}
        said = "\n".join(now.reasons) or f"{job.name} may start on {metadata['release']}."
        result = dg.AssetCheckResult(
            passed=now.is_open, asset_key=key, check_name=OPEN, description=said
        )
        yield dg.MaterializeResult(asset_key=key, metadata=metadata, check_results=[result])

    return _look


def _asset(job: Job[Any], owner: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=["decisions", job.name],
        deps=[gate_key(job.name), *(["canonical", entity] for entity in job.reads)],
        group_name="decisions",
        owners=[f"team:{owner}"],
        kinds={"python"},
        description=job.description,
        metadata={"reads": {entity: list(columns) for entity, columns in job.reads.items()}},
        automation_condition=dg.AutomationCondition.eager()
        & dg.AutomationCondition.all_deps_blocking_checks_passed(),
    )
    def _decide(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        result = decide(Hub.open(), job.name)
        made = result.decision.to_pylist()
        autonomy = Counter(row["autonomy"] for row in made)
        reasons = Counter(code for row in made for code in row["reason_codes"])
        context.log.info("%s: %d decisions, %s", job.name, len(made), dict(autonomy))
        metadata: dict[str, Any] = {
            "run": result.header.run_uid,
            "release": result.header.release_id,
            "decisions": len(made),
            "autonomy": dict(autonomy),
            "reasons": dict(reasons),
            "objective": float(sum(row["objective"] or 0 for row in made)),
            "first_decisions": tabulated(
                {"subject": "string", "autonomy": "string", "summary": "string"},
                [(row["subject_label"], row["autonomy"], row["summary"]) for row in made[:20]],
            ),
        }
        plot = plots.shipments_by_node_and_service(result.decision_option)
        if plot is not None:
            metadata["shipments_by_node_and_service"] = plot
        return dg.MaterializeResult(metadata=metadata)

    return _decide
