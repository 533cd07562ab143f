"""Run a Dagster job in this process and tell how it goes."""

import os
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import dagster as dg
from filelock import FileLock, Timeout

from contracts import CrossdockError
from orchestration import pulling, run_incidents
from orchestration.hub import Hub
from orchestration.step_errors import LOAD, cause, failed_at, told

_PID = "crossdock/pid"
_OPEN = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]


class RunBusy(CrossdockError):
    """Another command is running on this home."""


@dataclass
class Step:
    """A step of a job: how long it took, what it made, and its error if it did not end well."""

    name: str
    began: float
    seconds: float = 0
    events: list[dg.DagsterEvent] = field(default_factory=list)
    error: str | None = None
    failed_at: str | None = None  # the step that the error is about; None if contracts are

    def unpassed(self) -> list[dg.AssetCheckEvaluation]:
        """Return the checks of this step that failed and are no mere warnings."""
        found = [
            event.asset_check_evaluation_data
            for event in self.events
            if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ]
        return [
            one for one in found if not one.passed and one.severity is dg.AssetCheckSeverity.ERROR
        ]


@dataclass
class Ended:
    """A job that ended, with its steps in the order in which they ended."""

    run_id: str
    success: bool = False
    steps: list[Step] = field(default_factory=list)


def run(
    hub: Hub,
    job_name: str,
    *,
    assets: Sequence[dg.AssetKey] | None = None,
    started: Callable[[str], None] = lambda _: None,
    ended: Callable[[Step], None] = lambda _: None,
) -> Ended:
    """Run a job, or some of its assets; `started` and `ended` are told of each step.

    Raises RunBusy when another command holds this home. Runs that a killed command left behind
    are closed first, so that the UI does not show them as running for ever.
    """
    lock = FileLock(hub.settings.home / "run.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise RunBusy(
            f"Another crossdock command is running on {hub.settings.home}. Wait for it to end, "
            "or end it; what it committed stays."
        ) from None
    try:
        outcome = _run(job_name, assets, started, ended)
    except Exception as error:  # a step's own would not be raised: no step could begin
        with suppress(Exception):  # what went wrong first is what the caller hears of
            run_incidents.note(hub, job_name, {LOAD: told(error)}, ())
        raise
    finally:
        lock.release()
    run_incidents.note(
        hub,
        job_name,
        {s.failed_at: str(s.error) for s in outcome.steps if s.failed_at is not None},
        [LOAD, *(step.name for step in outcome.steps if step.failed_at is None)],
    )
    return outcome


def _run(
    job_name: str,
    assets: Sequence[dg.AssetKey] | None,
    started: Callable[[str], None],
    ended: Callable[[Step], None],
) -> Ended:
    from orchestration.definitions import defs

    outcome = Ended(str(uuid.uuid4()))
    steps: dict[str, Step] = {}

    def listen(entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is not None and event.step_key is not None:
            _follow(event, steps, outcome, started, ended)

    with dg.DagsterInstance.get() as instance:
        _close_left_behind(instance)
        instance.add_event_listener(outcome.run_id, listen)
        job = defs.resolve_job_def(job_name)
        if assets:
            job = job.get_subset(asset_selection=set(assets), asset_check_selection=set())
        try:
            result = job.execute_in_process(
                instance=instance,
                run_id=outcome.run_id,
                raise_on_error=False,
                tags={_PID: str(os.getpid())},
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        finally:
            pulling.end_run(outcome.run_id)
    outcome.success = result.success and not any(step.unpassed() for step in outcome.steps)
    return outcome


def _follow(
    event: dg.DagsterEvent,
    steps: dict[str, Step],
    outcome: Ended,
    started: Callable[[str], None],
    ended: Callable[[Step], None],
) -> None:
    name = str(event.step_key)
    if event.event_type is dg.DagsterEventType.STEP_START:
        steps[name] = Step(name, time.monotonic())
        started(name)
    step = steps.get(name)
    if step is None:
        return
    step.events.append(event)
    if event.event_type is dg.DagsterEventType.STEP_FAILURE:
        # Of a blocking check Dagster only says that it failed; the check says why.
        found = [one.description for one in step.unpassed() if one.blocking]
        error = event.step_failure_data.error
        step.error = (
            "\n".join(str(said) for said in found)
            or cause(error)
            or event.message
            or "unknown error"
        )
        step.failed_at = failed_at(name, error)
    if event.event_type in {dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE}:
        step.seconds = time.monotonic() - step.began
        outcome.steps.append(step)
        ended(step)


def _close_left_behind(instance: dg.DagsterInstance) -> None:
    """Report as failed the runs of commands that were killed: their process is gone."""
    for left in instance.get_runs(filters=dg.RunsFilter(statuses=_OPEN)):
        pid = left.tags.get(_PID)
        if pid is not None and not _alive(int(pid)):
            instance.report_run_failed(left, "The command that ran it was killed.")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
