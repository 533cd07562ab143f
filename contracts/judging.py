"""Hold the tables of a lake against their contracts: one verdict a rule, none left out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import duckdb

from contracts.comparators import holds
from contracts.dialect import snapshot
from contracts.holding import Apart, apart
from contracts.model import Contract, Rule, Table
from contracts.promises import NEEDS
from contracts.queries import judged, named, query, relation, screen
from contracts.sample import told
from contracts.state import Found, state
from contracts.suite import Job, Outcome, run
from contracts.verdict import (
    FAILED,
    NOT_EVALUATED,
    PASSED,
    Verdict,
    broken,
    verdict,
)

# DuckDB's names for the types that contracts write shorter.
SPELLED = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}

# Rules that speak of the rows that there are: no row breaks them where there is none. Asked all
# the same, DuckLake takes milliseconds a column to plan a query on an empty table (ducklake#1313).
OF_ROWS = frozenset(
    {"required", "primary_key", "unique", "references", "pattern", "minLength", "maxLength"}
    | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "invalidValues"}
)


def judge(
    con: duckdb.DuckDBPyConnection,
    contracts: Iterable[Contract],
    *,
    now: datetime,
    catalog: str = "lake",
    is_rehearsed: bool = False,
) -> list[Verdict]:
    """Hold every table of the contracts in an attached catalog against its rules.

    ``now`` (with its zone) is what ages are measured against. Returns a verdict for every
    rule, in the order of the contracts: a rule that could not be held is ``not_evaluated``, says
    why, and blocks as if it had failed. Takes no lock and writes nothing. Rehearsed, rows that a
    rule of policy quarantine would hold apart count as held.
    """
    if now.tzinfo is None:
        raise ValueError("judge() needs a `now` with its time zone, such as datetime.now(UTC).")
    listed = [(contract, table) for contract in contracts for table in contract.tables]
    with state(con, named(listed), catalog) as found, snapshot(con):
        keep = functools.partial(apart, con, is_rehearsed=is_rehearsed)
        return _judge(con, listed, found, now, keep)


def _judge(
    con: duckdb.DuckDBPyConnection,
    listed: Sequence[tuple[Contract, Table]],
    found: Mapping[str, Found],
    now: datetime,
    keep: Callable[..., Apart],
) -> list[Verdict]:
    decided: dict[tuple[str, str], Verdict] = {}
    suites: list[tuple[Contract, Table, list[Job]]] = []
    for contract, table in listed:
        at = found.get(contract.dataset(table.name))
        jobs: list[Job] = []
        for rule in table.rules:
            known = _known(contract, table, rule, at, found)
            if known is not None:
                decided[contract.dataset(table.name), rule.id] = known
                continue
            job = _job(rule, contract, now)
            if at is not None and at.rows == 0 and rule.kind in OF_ROWS:
                nothing = Outcome(True, 0, (), None, 0.0)
                decided[contract.dataset(table.name), rule.id] = _judged(
                    keep, contract, table, job, nothing, found
                )
            else:
                jobs.append(job)
        if jobs:
            suites.append((contract, table, jobs))
    clean, counted = _screened(con, suites)
    closer: list[tuple[Contract, Table, list[Job]]] = []
    for contract, table, jobs in suites:
        dataset = contract.dataset(table.name)
        for job in jobs:
            if (held := clean.get((dataset, job.rule.id))) is not None:
                decided[dataset, job.rule.id] = _judged(keep, contract, table, job, held, found)
        left = [
            replace(job, failing=counted.get((dataset, job.rule.id)))
            for job in jobs
            if (dataset, job.rule.id) not in decided
        ]
        closer += [(contract, table, left)] if left else []
    runs = run(con, [(judged(c, t.name), jobs) for c, t, jobs in closer])
    for (contract, table, jobs), outcomes in zip(closer, runs, strict=True):
        dataset = contract.dataset(table.name)
        for job, outcome in zip(jobs, outcomes, strict=True):
            decided[dataset, job.rule.id] = _judged(keep, contract, table, job, outcome, found)
    return [decided[c.dataset(t.name), rule.id] for c, t in listed for rule in t.rules]


def _screened(
    con: duckdb.DuckDBPyConnection, suites: Sequence[tuple[Contract, Table, Sequence[Job]]]
) -> tuple[dict[tuple[str, str], Outcome], dict[tuple[str, str], int]]:
    """Ask once a table whether any row breaks any rule; return the rules that none breaks.

    Those that some do, and those of a table whose screening failed, are looked at one by one; of
    the former it is also returned how many rows do, where that was counted.
    """
    screened = [
        (contract, table, [job for job in jobs if job.query and not job.query.is_number])
        for contract, table, jobs in suites
    ]
    screened = [(contract, table, jobs) for contract, table, jobs in screened if jobs]
    asked = []
    for contract, table, jobs in screened:
        rule = Rule(f"{table.name}.screen", "screen", table.name, None, "conformity", "error")
        queries = [job.query for job in jobs if job.query is not None]
        sql = screen(relation(contract, table.name), queries)
        asked.append((judged(contract, table.name), [Job(rule, sql)]))
    held: dict[tuple[str, str], Outcome] = {}
    counted: dict[tuple[str, str], int] = {}
    for (contract, table, jobs), (outcome,) in zip(screened, run(con, asked), strict=True):
        breaks = outcome.rows[0] if outcome.rows else {}
        share = outcome.cost_s / len(jobs)
        for place, job in enumerate(jobs):
            name = contract.dataset(table.name), job.rule.id
            failing = breaks.get(str(place))
            if outcome.held or (outcome.error is None and failing == 0):  # False is 0
                held[name] = Outcome(True, 0, (), None, share)
            elif outcome.error is None and failing is not True and failing is not None:
                counted[name] = int(failing)
    return held, counted


def _known(
    contract: Contract, table: Table, rule: Rule, at: Found | None, found: Mapping[str, Found]
) -> Verdict | None:
    """Decide what the table's shape alone decides; return None if its rows must be looked at."""
    dataset = contract.dataset(table.name)
    if at is None:
        what = f"the table {dataset} is missing."
        status = FAILED if rule.kind == "exists" else NOT_EVALUATED
        return verdict(contract, rule, status, what=what)
    if rule.kind == "exists":
        return verdict(contract, rule, PASSED, what="", evaluated=at.rows)
    needed = {rule.column} if rule.column else set()
    needed |= set(rule.arguments.get("properties") or []) if rule.kind != "sql" else set()
    needed |= NEEDS.get(rule.kind, frozenset())
    if missing := sorted(str(name) for name in needed - set(at.types)):
        what = f"the column {', '.join(missing)} is missing."
        status = FAILED if rule.kind == "type" else NOT_EVALUATED
        return verdict(contract, rule, status, what=what)
    if rule.kind == "type":
        return _typed(contract, table, rule, at)
    if rule.kind == "required" and rule.column not in at.nullable:
        # DuckLake enforces NOT NULL as it writes, so that there is nothing to look for.
        return verdict(contract, rule, PASSED, what="", failing=0, evaluated=at.rows)
    if rule.kind == "references":
        other, column = rule.arguments["to"]
        target = found.get(contract.dataset(other))
        if target is not None and column not in target.types:
            what = f"{contract.dataset(other)}.{column}, which it refers to, is missing."
            return verdict(contract, rule, NOT_EVALUATED, what=what)
    return None


def _typed(contract: Contract, table: Table, rule: Rule, at: Found) -> Verdict:
    wanted = table.column(str(rule.column)).physical_type
    got = at.types[str(rule.column)]
    if got == SPELLED.get(wanted, wanted):
        return verdict(contract, rule, PASSED, what="", failing=0, evaluated=at.rows)
    what = f"{rule.column} is {got}; it must be {wanted}."
    return verdict(contract, rule, FAILED, what=what, evaluated=at.rows)


def _job(rule: Rule, contract: Contract, now: datetime) -> Job:
    if rule.kind == "greatExpectations":
        return Job(rule, None)
    return Job(rule, query(rule, contract, now=now))


def _judged(
    keep: Callable[..., Apart],
    contract: Contract,
    table: Table,
    job: Job,
    outcome: Outcome,
    found: Mapping[str, Found],
) -> Verdict:
    """Turn what GX found into a verdict."""
    rule, evaluated = job.rule, found[contract.dataset(table.name)].rows
    if outcome.error is not None:
        what = f"the rule {rule.id} could not be held against it: {outcome.error}."
        return verdict(contract, rule, NOT_EVALUATED, what=what, cost_s=outcome.cost_s)
    measured: Any = None
    held, failing = outcome.held, outcome.failing
    if job.query is not None and job.query.is_number:
        measured = outcome.rows[0].get("measured") if outcome.rows else None
        failing = None
    elif job.query is not None and rule.comparator != ("mustBe", 0) and not rule.holds:
        measured = failing
        if rule.unit == "percent":
            measured = 100 * (failing or 0) / evaluated if evaluated else 0.0
        held = holds(rule.comparator, measured or 0)
    is_counted = job.query is None or not job.query.is_number
    shown = told(contract, table, rule, job.query, outcome.rows) if is_counted and not held else []
    sample = tuple(", ".join(f"{name}={v}" for name, v in row.items()) for row in shown)
    what = "" if held else broken(rule, failing, evaluated, measured)
    kept = None
    if rule.holds and not held and failing and job.query is not None:
        kept = keep(contract, table, rule, job.query, found, failing, evaluated)
        what = f"{what} {kept.said}"
    return verdict(
        contract,
        rule,
        PASSED if held else FAILED,
        what=what,
        severity="warning" if kept and kept.is_enough else rule.severity,
        held=kept.held if kept else None,
        failing=failing,
        evaluated=evaluated,
        sample=sample,
        cost_s=outcome.cost_s,
    )
