"""The release as an asset: after the blocking checks, before every decision."""

from collections import Counter
from typing import Any

import dagster as dg

import contracts
from orchestration.hub import Hub
from orchestration.publishing import publish
from orchestration.tabulated import tabulated

KEY = dg.AssetKey(["release"])


class PublishedRelease(dg.Component, dg.Model, dg.Resolvable):
    """A named, audited, immutable snapshot of the canonical tables."""

    owner: str

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the release asset, which depends on every canonical table."""

        @dg.multi_asset(
            name="publish_release",  # an op may not bear the name of a job
            specs=[
                dg.AssetSpec(
                    KEY,
                    deps=[["canonical", entity.name] for entity in contracts.read_all("canonical")],
                    group_name="release",
                    owners=[f"team:{self.owner}"],
                    kinds={"ducklake"},
                    description="The newest snapshot whose contracts all passed. Readers and "
                    "decisions see releases only, never work in progress.",
                    automation_condition=dg.AutomationCondition.eager()
                    & dg.AutomationCondition.all_deps_blocking_checks_passed(),
                )
            ],
        )
        def _publish(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
            published = publish(Hub.open())
            statuses = Counter(verdict["status"] for verdict in published.verdicts)
            context.log.info("published %s", published.release_id)
            return dg.MaterializeResult(
                metadata={
                    "release": published.release_id,
                    "snapshot": published.snapshot_id,
                    "as_of": dict(published.as_of_marks),
                    "rules_passed": statuses["passed"],
                    "warnings": len(published.verdicts) - statuses["passed"],
                    "orphans": published.orphans,
                    "rows": tabulated(
                        {"entity": "string", "rows": "int"}, sorted(published.tables.items())
                    ),
                }
            )

        return dg.Definitions(assets=[_publish])
