"""When runs start by themselves, and who is told when one fails."""

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg

from orchestration.alerts.failed_run import send
from orchestration.running import cause
from orchestration.settings import load

SCHEDULES = [
    dg.ScheduleDefinition(
        name="hourly",
        job_name="run",
        cron_schedule="17 * * * *",
        execution_timezone="UTC",
        description="Everything, once an hour; started in the UI when the sources are yours.",
    )
]


@dg.run_failure_sensor(
    name="run_failed",
    monitor_all_code_locations=True,  # without it a run started elsewhere would fail unheard
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Writes an alert, and sends it when CROSSDOCK_ALERT_WEBHOOK is set.",
)
def run_failed(context: dg.RunFailureSensorContext) -> None:
    """Tell of a failed run once, with its first failing step."""
    steps = context.get_step_failure_events()
    first = steps[0] if steps else None
    send(
        load(),
        {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "run_id": context.dagster_run.run_id,
            "job": context.dagster_run.job_name,
            "step": first.step_key if first else None,
            "message": (cause(first.step_failure_data.error) if first else None)
            or context.failure_event.message
            or "",
        },
    )


SENSORS: Sequence[dg.SensorDefinition] = [run_failed]
