"""The outbox as an asset and a sensor: what was decided is sent."""

from collections import Counter
from typing import Any

import dagster as dg

import decisions
from orchestration.acting import outbox
from orchestration.hub import Hub
from orchestration.tabulated import tabulated

KEY = dg.AssetKey(["outbox"])
_SHOWN = 30


class ActionOutbox(dg.Component, dg.Model, dg.Resolvable):
    """The asset that sends what every job has decided."""

    owner: str

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the asset and the sensor that sends what is due between runs."""
        return dg.Definitions(assets=[_asset(self.owner)], sensors=[outbox_sensor])


def _asset(owner: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=KEY,
        deps=[["decisions", name] for name in sorted(decisions.jobs())],
        group_name="decisions",
        owners=[f"team:{owner}"],
        kinds={"python"},
        description="What other systems are asked to do: sent, waiting, or held for a person.",
        automation_condition=dg.AutomationCondition.eager(),
    )
    def _send(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        hub = Hub.open()
        sent = outbox.send(hub)
        for one in sent:
            if one.answer.outcome != "accepted":
                key = one.action["idempotency_key"][:8]
                context.log.warning("%s: %s: %s", key, one.answer.outcome, one.answer.reason)
        with hub.lake.connect(read_only=True) as con:
            rows = outbox.listed(con)
        waiting = [row for row in rows if row["status"] in ("proposed", "held", "sending")]
        return dg.MaterializeResult(
            metadata={
                "sent": len(sent),
                "waiting": len(waiting),
                "outbox": dict(Counter(f"{r['target_system']}: {r['status']}" for r in rows)),
                "not_done": tabulated(
                    {"key": "string", "system": "string", "status": "string", "why": "string"},
                    [
                        (
                            row["idempotency_key"][:8],
                            row["target_system"],
                            row["status"],
                            row["waits_for"] or row["last_error"] or "",
                        )
                        for row in waiting[:_SHOWN]
                    ],
                ),
            }
        )

    return _send


@dg.sensor(
    name="outbox",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Sends what may be sent, and again what was not answered; expires checkpoints.",
)
def outbox_sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Send what is due."""
    sent = outbox.send(Hub.open())
    for one in sent:
        if one.answer.outcome != "accepted":
            context.log.warning(f"{one.action['idempotency_key'][:8]}: {one.answer.reason}")
    taken = sum(one.answer.outcome == "accepted" for one in sent)
    return dg.SkipReason(f"{taken} of {len(sent)} actions were accepted.")
