"""Find the jobs: every module of this folder that holds a `JOB`."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from decisions.errors import DecisionError
from decisions.frame import Job


def jobs() -> dict[str, Job[Any]]:
    """Every job by name; a job is one file here whose `JOB` is named like the file."""
    found: dict[str, Job[Any]] = {}
    for module in iter_modules([str(Path(__file__).parent)]):
        candidate = getattr(import_module(f"decisions.{module.name}"), "JOB", None)
        if not isinstance(candidate, Job):
            continue
        if candidate.name != module.name:
            raise DecisionError(
                f"Job '{candidate.name}' lives in decisions/{module.name}.py. "
                f"Name the file like the job: decisions/{candidate.name}.py."
            )
        found[candidate.name] = candidate
    return found


def job(name: str) -> Job[Any]:
    """The job of that name; DecisionError lists the valid ones."""
    known = jobs()
    if name not in known:
        raise DecisionError(f"No decision job '{name}'. There are: {', '.join(known)}.")
    return known[name]
