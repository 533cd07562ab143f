"""Decision jobs as assets: each reads what it declares, and starts only through the gate."""

from collections import Counter
from typing import Any

import dagster as dg

import decisions
from decisions import Job
from orchestration import plots
from orchestration.components.published_release import KEY as RELEASE
from orchestration.deciding import decide
from orchestration.hub import Hub
from orchestration.tabulated import tabulated


class DecisionJobs(dg.Component, dg.Model, dg.Resolvable):
    """Every job of decisions/, found by its file: no entry here to add one."""

    owner: str

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return one asset a job."""
        return dg.Definitions(
            assets=[_asset(job, self.owner) for _, job in sorted(decisions.jobs().items())]
        )


def _asset(job: Job[Any], owner: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=["decisions", job.name],
        deps=[RELEASE, *(["canonical", entity] for entity in job.reads)],
        group_name="decisions",
        owners=[f"team:{owner}"],
        kinds={"python", "highs"},
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
