"""Hold the tables and the policy that a job is given against what it declares."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ValidationError

from decisions.errors import DecisionError
from decisions.frame import Job


def narrow(job: Job[Any], tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """The declared tables with the declared columns only; DecisionError names what is missing.

    Extra columns are removed, so that a job cannot come to depend on what it does not declare.
    """
    narrowed = {}
    for entity, columns in job.reads.items():
        if entity not in tables:
            raise DecisionError(
                f"Job '{job.name}' reads table '{entity}', which it was not given. "
                f"It was given: {', '.join(sorted(tables)) or 'none'}."
            )
        has = tables[entity].column_names
        missing = [column for column in columns if column not in has]
        if missing:
            raise DecisionError(
                f"Job '{job.name}' reads {entity}.{missing[0]}, which the release lacks. "
                f"{entity} has: {', '.join(has)}. Mend the canonical model or the job's reads."
            )
        narrowed[entity] = tables[entity].select(list(columns))
    return narrowed


def policy_of(job: Job[BaseModel], given: BaseModel | Mapping[str, Any] | None) -> BaseModel:
    """The job's policy, its defaults overridden by `given`; DecisionError lists valid keys."""
    if isinstance(given, BaseModel):
        if not isinstance(given, job.policy):
            raise DecisionError(
                f"Job '{job.name}' takes a {job.policy.__name__}, not a {type(given).__name__}."
            )
        return given
    try:
        policy: BaseModel = job.policy.model_validate(dict(given or {}))
    except ValidationError as error:
        raise DecisionError(_policy_message(job, error)) from None
    return policy


def _policy_message(job: Job[BaseModel], error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    valid = ", ".join(job.policy.model_fields)
    if first["type"] == "extra_forbidden":
        return f"Policy of job '{job.name}' has no key '{key}'. It has: {valid}."
    return f"Policy of job '{job.name}', key '{key}': {first['msg']}. Keys: {valid}."
