"""When runs start by themselves, and what they mean for incidents and alerts."""

from collections.abc import Sequence

import dagster as dg

from orchestration import alert_outbox, run_incidents
from orchestration.lake_watch import open_hub
from orchestration.step_errors import LOAD, cause, failed_at

SCHEDULES = [
    dg.ScheduleDefinition(
        name="hourly",
        job_name="run",
        cron_schedule="17 * * * *",
        execution_timezone="UTC",
        description="Everything, once an hour; started in the UI when the sources are yours.",
    )
]
_STEPS = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.STEP_SUCCESS}


@dg.run_failure_sensor(
    name="run_failed",
    monitor_all_code_locations=True,  # without it a run started elsewhere would fail unheard
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Opens an incident for each step that failed.",
)
def run_failed(context: dg.RunFailureSensorContext) -> None:
    """Note which steps failed, and which ended well."""
    _note(context)


@dg.run_status_sensor(
    name="run_ended",
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitor_all_code_locations=True,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends the incidents of steps that end well again.",
)
def run_ended(context: dg.RunStatusSensorContext) -> None:
    """Note which steps ended well."""
    _note(context)


@dg.sensor(
    name="alerts",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Sends what is to be told of incidents, and again what was not taken.",
)
def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Send what is due."""
    sent = alert_outbox.send(open_hub())
    for one in sent:
        if one.error is not None:
            context.log.warning(f"{one.alert_id} to {one.target}: {one.error}")
    taken = sum(one.error is None for one in sent)
    return dg.SkipReason(f"{taken} of {len(sent)} messages were taken.")


SENSORS: Sequence[dg.SensorDefinition] = [run_failed, run_ended, alerts]


def _note(context: dg.RunStatusSensorContext) -> None:
    run = context.dagster_run
    failed, ended_well = {}, set()
    for entry in context.instance.all_logs(run.run_id, of_type=_STEPS):
        event = entry.dagster_event
        if event is None or event.step_key is None:
            continue
        if event.event_type is dg.DagsterEventType.STEP_FAILURE:
            error = event.step_failure_data.error
            if (at := failed_at(event.step_key, error)) is not None:
                failed[at] = cause(error) or event.message or "unknown error"
                continue
        ended_well |= {LOAD, event.step_key}
    run_incidents.note(open_hub(), run.job_name, failed, ended_well)
