"""Run rules as Great Expectations suites; with ``data_docs`` the only home of GX.

GX is imported inside one function: it takes four seconds, which taps and transforms shall not pay.
"""

from __future__ import annotations

import functools
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from contracts import dialect
from contracts.model import Rule
from contracts.queries import Query, quoted

# sqlalchemy.text() takes ':word' for a parameter, as in the regex (?:word).
_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")
_VALUE = re.compile(r"'(?:[^']|'')*'")
_OPERATORS = {
    "mustBe": "measured = {}",
    "mustNotBe": "measured <> {}",
    "mustBeGreaterThan": "measured > {}",
    "mustBeGreaterOrEqualTo": "measured >= {}",
    "mustBeLessThan": "measured < {}",
    "mustBeLessOrEqualTo": "measured <= {}",
    "mustBeBetween": "measured BETWEEN {} AND {}",
    "mustNotBeBetween": "measured NOT BETWEEN {} AND {}",
}


@dataclass(frozen=True)
class Job:
    """A rule and its query; a rule in GX's own words has none.

    ``failing`` is how many rows break it, where a screen has counted them already.
    """

    rule: Rule
    query: Query | None
    failing: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What GX found: the breaking rows and some of them, or why it could not look."""

    held: bool
    failing: int | None
    rows: tuple[dict[str, Any], ...]
    error: str | None
    cost_s: float


def run(
    con: duckdb.DuckDBPyConnection, suites: Sequence[tuple[str, Sequence[Job]]]
) -> Iterator[list[Outcome]]:
    """Run a suite a table, given as the table's name and its jobs; yield an outcome a job."""
    # Read by GX as it is imported: nothing of a run leaves the machine.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        # What GX imports warns of modules that Python deprecates (sre_constants); not our readers'.
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig
        from great_expectations.expectations.registry import get_expectation_impl

        from contracts.expectation import NoRowBreaks

    def expectation(job: Job) -> Any:
        if job.query is None:
            kind, kwargs = job.rule.arguments["type"], job.rule.arguments["kwargs"]
            return get_expectation_impl(kind)(**kwargs)
        return NoRowBreaks.of(_breaking(job), job.failing)

    def held(batch: Callable[[], Any], jobs: Mapping[int, Job]) -> dict[int, Outcome]:
        """Hold jobs against the batch that is given when called; return outcomes by place."""
        started = time.perf_counter()
        outcomes: dict[int, Outcome] = {}
        made: list[Any] = []
        for index, job in jobs.items():
            try:
                made.append(expectation(job))
                made[-1].meta = {"index": index}
            except Exception as error:  # GX refuses the arguments
                outcomes[index] = _failure(error, 0.0)
        try:
            # Given at once: added one by one, each is compared with all before it.
            suite = gx.ExpectationSuite(name="rules", expectations=made)
            results = batch().validate(suite, result_format="COMPLETE").results
        except Exception as error:  # whatever GX meets, every rule needs its verdict
            return {index: _failure(error, 0.0) for index in jobs}
        # GX does not time its parts: each rule is charged its share of the suite.
        share = (time.perf_counter() - started) / max(len(jobs), 1)
        for result in results:
            config = result.expectation_config
            if config is not None and config.meta is not None:
                outcomes[config.meta["index"]] = _outcome(result, share)
        lost = Outcome(False, None, (), "Great Expectations gave no result", share)
        return {index: outcomes.get(index, lost) for index in jobs}

    with dialect.shared(con) as url:
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        source = context.data_sources.add_sql("lake", connection_string=url)

        @functools.cache
        def any_batch() -> Any:
            # Our queries name their tables, so that one asset does for all of them: GX writes all
            # assets out with each one that is added, 2 s for 70 of them.
            asset = source.add_query_asset("any", query="SELECT 1")
            return asset.add_batch_definition_whole_table("all").get_batch()

        def whole(table: str) -> Any:
            # Of a table, not a query: to learn a query's columns GX fetches all of its rows.
            asset = source.add_table_asset(table, quoted(table))
            return asset.add_batch_definition_whole_table("all").get_batch()

        for table, jobs in suites:
            ours = {place: job for place, job in enumerate(jobs) if job.query is not None}
            own = {place: job for place, job in enumerate(jobs) if job.query is None}
            outcomes = held(any_batch, ours) if ours else {}
            outcomes |= held(functools.partial(whole, table), own) if own else {}
            yield [outcomes[place] for place in range(len(jobs))]


def _breaking(job: Job) -> str:
    """Return the query for the rows that break a rule, escaped for GX's templates."""
    assert job.query is not None  # noqa: S101 - the caller looks
    sql = job.query.sql
    name, value = job.rule.comparator
    if job.query.is_number:
        limits = value if isinstance(value, list) else [value]
        wanted = _OPERATORS[name].format(*limits)
        sql = f"SELECT measured FROM ({sql}\n) AS number(measured) WHERE ({wanted}) IS NOT TRUE"  # noqa: S608
    escaped = _PARAMETER.sub(r"\:", sql.replace("{", "{{").replace("}", "}}"))
    # GX prints a warning for a query that does not name {batch}; ours name their table in full.
    return f"/* {job.rule.id} {{batch}} */ {escaped}"


def _outcome(result: Any, cost_s: float) -> Outcome:
    error = _raised(result.exception_info)
    if error:
        return Outcome(False, None, (), error, cost_s)
    found = result.result
    failing = found.get("unexpected_count", found.get("observed_value"))
    rows = found.get("details", {}).get("unexpected_rows", [])
    return Outcome(
        held=bool(result.success),
        failing=failing if isinstance(failing, int) else None,
        rows=tuple(dict(row) for row in rows[:5]) if isinstance(rows, list) else (),
        error=None,
        cost_s=cost_s,
    )


def _raised(info: Any) -> str | None:
    """Find the message of an exception, which GX keeps flat or by metric."""
    if not isinstance(info, dict):
        return None
    for entry in [info, *info.values()]:
        if isinstance(entry, dict) and entry.get("raised_exception"):
            return _plain(str(entry.get("exception_message")))
    return None


def _failure(error: Exception, cost_s: float) -> Outcome:
    return Outcome(False, None, (), _plain(str(error)), cost_s)


def _plain(message: str) -> str:
    """Keep the first line and take quoted values out: a database's message may show data."""
    first = next((line for line in message.splitlines() if line.strip()), "no message")
    return _VALUE.sub("'…'", first)[:300]
