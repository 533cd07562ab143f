"""The release as an asset: after the blocking checks, before every decision."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import dagster as dg

from contracts.reader import RELEASED
from orchestration import judging
from orchestration.components.contract_checks import verdict_key
from orchestration.hub import Hub
from orchestration.publishing import publish
from orchestration.tabulated import tabulated
from warehouse.release import Release

KEY = dg.AssetKey(["release"])
WHOLE = "every_contract_passed"


class PublishedRelease(dg.Component, dg.Model, dg.Resolvable):
    """A named, audited, immutable snapshot of the canonical tables."""

    owner: str

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the release asset, which hangs on the verdicts on sources and canonical tables."""

        @dg.multi_asset(
            name="publish_release",  # an op may not bear the name of a job
            specs=[
                dg.AssetSpec(
                    KEY,
                    deps=[verdict_key(layer) for layer in RELEASED],
                    group_name="release",
                    owners=[f"team:{self.owner}"],
                    kinds={"ducklake"},
                    description="The newest snapshot that was judged. Readers see it if every "
                    "contract passed, else the last one that did; a decision job may stand on it "
                    "if its own gate is open.",
                    automation_condition=dg.AutomationCondition.eager(),
                )
            ],
            check_specs=[
                dg.AssetCheckSpec(
                    WHOLE, asset=KEY, description="Every contract passed, so readers see it."
                )
            ],
        )
        def _publish(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
            published = publish(Hub.open())
            statuses = Counter(verdict["status"] for verdict in published.verdicts)
            context.log.info("cut %s", published.release_id)
            yield dg.MaterializeResult(
                check_results=[_whole(published)],
                metadata={
                    "release": published.release_id,
                    "snapshot": published.snapshot_id,
                    "as_of": dict(published.as_of_marks),
                    "rules_passed": statuses["passed"],
                    "rules_broken": len(published.blocking),
                    "warnings": len(published.verdicts)
                    - statuses["passed"]
                    - len(published.blocking),
                    "orphans": published.orphans,
                    "rows": tabulated(
                        {"entity": "string", "rows": "int"}, sorted(published.tables.items())
                    ),
                },
            )

        return dg.Definitions(assets=[_publish])


def _whole(published: Release) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=published.is_whole,
        asset_key=KEY,
        check_name=WHOLE,
        description=judging.worst(published.verdicts),
    )
