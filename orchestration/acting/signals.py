"""What in a job's runs opens its own breaker before anything of them is sent."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import duckdb

from decisions import RunResult
from decisions.policies import Signals

# Fewer runs or answers than these say nothing.
_RUNS, _LAST_RUNS = 10, 60
_ANSWERS, _LAST_ANSWERS = 5, 20


def signals(
    con: duckdb.DuckDBPyConnection, result: RunResult, terms: Signals, freed_at: datetime | None
) -> Iterator[str]:
    """Give each reason to stop a job, of a run that was just written and of those before it.

    Answers from before `freed_at`, when somebody last closed the job's breaker, say nothing any
    more: they were known then.
    """
    job, run_uid = result.header.job, result.header.run_uid
    if result.decision.num_rows == 0:
        return
    refused = result.decision["autonomy"].to_pylist().count("refuse")
    share = Decimal(refused) / result.decision.num_rows
    if terms.refused_share is not None and share > terms.refused_share:
        yield (
            f"{refused} of {result.decision.num_rows} decisions were refused, "
            f"more than {terms.refused_share:.0%}"
        )
    if terms.cost_above_p95 is not None:
        yield from _cost(con, job, run_uid, terms.cost_above_p95)
    if terms.overridden_share is not None:
        yield from _overridden(con, job, terms.overridden_share, freed_at)


def _cost(con: duckdb.DuckDBPyConnection, job: str, run_uid: str, factor: Decimal) -> Iterator[str]:
    row = con.execute(
        """
        with costs as (
            select runs.run_uid, runs.as_of, avg(decisions.objective) as cost
            from lake.decisions.decision_run as runs
            inner join lake.decisions.decision as decisions on runs.run_uid = decisions.run_uid
            where runs.job = ? and runs.mode = 'live' and decisions.objective > 0
            group by all
        ),

        before as (
            select cost from costs where run_uid <> ? order by as_of desc, run_uid limit ?
        )

        select
            (select cost from costs where run_uid = ?) as cost,
            (select quantile_cont(cost, 0.95) from before) as p95,
            (select count(*) from before) as runs
        """,
        [job, run_uid, _LAST_RUNS, run_uid],
    ).fetchone()
    if row is None or row[0] is None or row[2] < _RUNS:
        return
    cost, p95, runs = row
    if cost > p95 * float(factor):
        yield (
            f"a decision costs {cost:.2f} on average, more than {factor} times the "
            f"95th percentile of the {runs} runs before ({p95:.2f})"
        )


def _overridden(
    con: duckdb.DuckDBPyConnection, job: str, limit: Decimal, freed_at: datetime | None
) -> Iterator[str]:
    row = con.execute(
        """
        select count(*) filter (rejected <> '[]'), count(*) from (
            select rejected from lake.decisions.checkpoint
            where job = ? and (rejected <> '[]' or approved <> '[]') and decided_by <> 'policy'
                and (? is null or decided_at > ?)
            order by decided_at desc limit ?
        )
        """,
        [job, freed_at, freed_at, _LAST_ANSWERS],
    ).fetchone()
    if row is not None and row[1] >= _ANSWERS and Decimal(row[0]) / row[1] > limit:
        yield f"people rejected {row[0]} of the last {row[1]} checkpoints, more than {limit:.0%}"
