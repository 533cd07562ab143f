"""Decision jobs: pure functions from a release to decisions, and the frame that runs them."""

from decisions.errors import DecisionError
from decisions.execution import replay, run
from decisions.explanation import explain
from decisions.frame import Action, Decision, Job, Option, Outcome
from decisions.record import RunResult, restore, to_bytes
from decisions.registry import job, jobs

__all__ = [
    "Action",
    "Decision",
    "DecisionError",
    "Job",
    "Option",
    "Outcome",
    "RunResult",
    "explain",
    "job",
    "jobs",
    "replay",
    "restore",
    "run",
    "to_bytes",
]
