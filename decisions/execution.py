"""Run a job on a release, and run it again."""

import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
from pydantic import BaseModel

from decisions.errors import DecisionError
from decisions.frame import Job, Mode
from decisions.inputs import narrow, policy_of
from decisions.record import Header, RunResult, fingerprint, record


def run(
    job: Job[Any],
    tables: Mapping[str, pa.Table],
    *,
    release_id: str,
    now: datetime,
    code_version: str,
    policy: BaseModel | Mapping[str, Any] | None = None,
    seed: int = 0,
    mode: Mode = "live",
    started_at: datetime | None = None,
) -> RunResult:
    """Run `job` on the tables of a release and record what it decided.

    `now` is the instant at which the job decides, with a time zone: give the release's as-of
    mark, not the wall clock, and the run can be repeated. The run's identity derives from job,
    release, code version, policy, seed and mode, so the same run twice has one identity.
    A shadow run proposes no action. Raises DecisionError on missing input or a bad policy.
    """
    if now.tzinfo is None:
        raise DecisionError("`now` has no time zone. Give the release's as-of mark in UTC.")
    valid = policy_of(job, policy)
    given = narrow(job, tables)
    settings = json.dumps(valid.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    header = Header(
        run_uid=fingerprint(
            "run", job.name, release_id, code_version, fingerprint("policy", settings), seed, mode
        ),
        job=job.name,
        release_id=release_id,
        code_version=code_version,
        policy=settings,
        policy_hash=fingerprint("policy", settings),
        seed=seed,
        mode=mode,
        as_of=now,
        started_at=started_at or now,
    )
    before = time.process_time_ns()
    outcome = job.decide(given, valid, now, seed)
    cpu_ms = (time.process_time_ns() - before) // 1_000_000
    return record(header, outcome, cpu_ms)


def replay(job: Job[Any], tables: Mapping[str, pa.Table], recorded: RunResult) -> RunResult:
    """Run again what `recorded` says was run; `to_bytes` of both must be equal.

    `tables` are those of the release that the record names.
    """
    header = recorded.header
    return run(
        job,
        tables,
        release_id=header.release_id,
        now=header.as_of,
        code_version=header.code_version,
        policy=json.loads(header.policy),
        seed=header.seed,
        mode=header.mode,
    )
