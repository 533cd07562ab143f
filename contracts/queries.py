"""Each rule as a query for the rows that break it.

One idea for all rules: the number of rows is what is judged, their keys are the sample. Only a
row count, an age, or a ``sql`` rule that computes some other number, is a number instead.
"""

# Names and values come from contracts, which are code of the house, and are quoted (S608).
# ruff: noqa: S608

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.model import Contract, Rule, Table
from contracts.promises import ARRIVED, PROMISES, TOLD, due, is_day
from contracts.rules import OWN, PLACEHOLDER

HELD = "held"  # the schema of the keys of rows that are held apart
COUNT = re.compile(r"\s*SELECT\s+count\(\*\)\s+FROM\b", re.IGNORECASE)


@dataclass(frozen=True)
class Query:
    """SQL that gives the breaking rows, or (``is_number``) the one number to compare."""

    sql: str
    is_number: bool = False
    where: str | None = None  # the condition on one row alone, where that is all there is


def quoted(name: str) -> str:
    """Quote an identifier for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def judged(contract: Contract, table: str) -> str:
    """Name a table of a contract as it is judged: the temporary one that ``state`` makes of it."""
    return f"judged {contract.dataset(table)}"


def relation(contract: Contract, table: str) -> str:
    """Name the table as it is judged with all three parts, quoted."""
    return f"temp.main.{quoted(judged(contract, table))}"


def held_name(contract: Contract, table: str) -> str:
    """Name the table of schema `held` with the keys of rows that are held apart."""
    return f"{contract.schema}__{table}"


def held_relation(contract: Contract, table: str) -> str:
    """Name it as it is judged."""
    return f"temp.main.{quoted(f'held {contract.dataset(table)}')}"


def reads(rule: Rule) -> set[str]:
    """Return the other tables of the contract's schema that a rule's query names."""
    named = {match[1] for match in PLACEHOLDER.finditer(rule.query or "")} - set(OWN)
    return named | ({rule.arguments["to"][0]} if rule.kind == "references" else set())


def named(listed: Iterable[tuple[Contract, Table]]) -> dict[tuple[str, str], str]:
    """Return the relation of every table that a judgement reads, by schema and name.

    Those are what is judged, what a rule compares with, and the keys of what is held apart.
    """
    relations: dict[tuple[str, str], str] = {}
    for contract, table in listed:
        others = sorted({name for rule in table.rules for name in reads(rule)})
        relations |= {(contract.schema, n): relation(contract, n) for n in [table.name, *others]}
        if table.holds:
            of = held_name(contract, table.name)
            relations[HELD, of] = held_relation(contract, table.name)
    return relations


def query(rule: Rule, contract: Contract, *, now: datetime) -> Query:
    """Write the query of a rule; its table and columns are taken to exist."""
    table = contract.table(rule.table)
    source = relation(contract, rule.table)
    shown = dict.fromkeys([*(table.primary_key or _names(table)), str(rule.column)])
    keys = ", ".join(quoted(name) for name in shown)
    match rule.kind:
        case "sql":
            return _declared(rule, contract)
        case "rowCount":
            return Query(f"SELECT count(*) AS rows FROM {source}", is_number=True)
        case "primary_key" | "unique" | "duplicateValues":
            listed = rule.arguments.get("properties") or [rule.column]
            names = ", ".join(quoted(str(n)) for n in listed)
            some = " OR ".join(f"{quoted(str(n))} IS NOT NULL" for n in listed)
            return Query(
                f"SELECT {names}, count(*) AS times FROM {source} WHERE {some} "
                f"GROUP BY {names} HAVING count(*) > 1"
            )
        case kind if kind in PROMISES and kind != "retention":
            measure = _measure(rule, contract, now)
            return Query(f"SELECT {measure} FROM {source}", is_number=True)
        case _:
            where = _condition(rule, contract, now)
            alone = where if rule.kind != "references" else None
            return Query(f"SELECT {keys} FROM {source} WHERE {where}", where=alone)


def screen(source: str, queries: Sequence[Query]) -> Query:
    """Write one query that asks of all queries for breaking rows whether there are any.

    It gives no row if there are none, else one with what it found of each, under the query's place:
    of conditions on single rows, which share one scan, how many; of others whether there are any.
    Judged one by one, 1,100 rules took 40 s of CPU.
    """
    alone = [
        f"count(*) FILTER (WHERE {query.where}) AS {quoted(str(place))}"
        for place, query in enumerate(queries)
        if query.where
    ]
    others = [
        f"EXISTS ({query.sql}\n) AS {quoted(str(place))}"
        for place, query in enumerate(queries)
        if not query.where
    ]
    parts = [f"(SELECT {', '.join(alone)} FROM {source}) AS alone"] if alone else []
    parts += [f"(SELECT {', '.join(others)}) AS others"] if others else []
    some = " OR ".join(
        f"{quoted(str(place))}{' > 0' if query.where else ''}"
        for place, query in enumerate(queries)
    )
    return Query(f"SELECT * FROM {', '.join(parts)} WHERE {some}")


def _measure(rule: Rule, contract: Contract, now: datetime) -> str:
    """Write what a promise of time is measured by, over all rows of its table."""
    column = f"{quoted(str(rule.column))}::TIMESTAMPTZ"
    match rule.kind:
        case "freshness":
            return f"epoch({_instant(now)} - max({column})) AS age_s"
        case "frequency":
            return f"epoch({_instant(now)} - max({ARRIVED})) AS since_s"
        case "latency":
            table, limit = relation(contract, rule.table), rule.comparator[1]
            first = f"(SELECT min({ARRIVED}) FROM {table}) - to_seconds({limit})"
            counted = f"{TOLD} IS NULL AND {column} >= {first}"
            newest = f"(SELECT max({ARRIVED}) FROM {table} WHERE {counted})"
            of_its_day = f"{counted} AND {ARRIVED} > {newest} - INTERVAL 1 DAY"
            return f"max(epoch({ARRIVED} - {column})) FILTER (WHERE {of_its_day}) AS late_s"
        case "timeOfAvailability" if is_day(contract, rule):
            day = f"DATE {_literal(due(rule, now).date())}"
            return f"date_diff('day', max({quoted(str(rule.column))}), {day}) AS days_behind"
        case "timeOfAvailability":
            behind = f"epoch({_instant(due(rule, now))} - max({column}))"
            return f"ceil({behind} / 86400) AS days_behind"
        case kind:
            raise NotImplementedError(f"No measure is known for promises of '{kind}'.")


def _instant(at: datetime) -> str:
    return f"{_literal(at.isoformat())}::TIMESTAMPTZ"


def _condition(rule: Rule, contract: Contract, now: datetime) -> str:
    """Write what holds of a row that breaks a rule of its column."""
    column = quoted(str(rule.column))
    value = rule.arguments.get("value")
    match rule.kind:
        case "required" | "nullValues":
            return f"{column} IS NULL"
        case "missingValues":
            listed = [v for v in rule.arguments["missingValues"] if v is not None]
            among = f" OR {column} IN ({_literals(listed)})" if listed else ""
            return f"{column} IS NULL{among}"
        case "invalidValues":
            return " OR ".join(_invalid(column, rule.arguments))
        case "pattern":
            return _unmatched(column, str(value))
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            operator = {"minimum": "<", "maximum": ">", "exclusiveMinimum": "<=",
                        "exclusiveMaximum": ">="}[rule.kind]  # fmt: skip
            return f"{column} {operator} {_literal(value)}"
        case "minLength" | "maxLength":
            operator = "<" if rule.kind == "minLength" else ">"
            return f"length({column}) {operator} {_literal(value)}"
        case "retention":
            unit, age = rule.arguments["unit"], rule.arguments["value"]
            # Years are those of the calendar, and whole.
            seconds = None if unit == "years" else timedelta(**{unit: 1}).total_seconds() * age
            span = f"to_years({int(age)})" if seconds is None else f"to_seconds({seconds})"
            return f"{column}::TIMESTAMPTZ < {_instant(now)} - {span}"
        case "references":
            table, name = rule.arguments["to"]
            target = quoted(name)
            known = f"SELECT {target} FROM {relation(contract, table)}"
            # A null leads nowhere and breaks nothing, but NULL NOT IN (no row at all) is true.
            among = f"{known} WHERE {target} IS NOT NULL"
            return f"{column} IS NOT NULL AND {column} NOT IN ({among})"
        case kind:
            raise NotImplementedError(f"No query is known for rules of kind '{kind}'.")


def _invalid(column: str, arguments: Any) -> list[str]:
    conditions = []
    if "validValues" in arguments:
        # Null breaks nothing here: listed or not, it is for `required` to say.
        listed = [v for v in arguments["validValues"] if v is not None]
        conditions.append(
            f"{column} NOT IN ({_literals(listed)})" if listed else f"{column} IS NOT NULL"
        )
    if "pattern" in arguments:
        conditions.append(_unmatched(column, str(arguments["pattern"])))
    return conditions


def _unmatched(column: str, pattern: str) -> str:
    # A pattern is searched for, as in JSON Schema; whoever means the whole value writes ^ and $.
    return f"NOT regexp_matches({column}::VARCHAR, {_literal(pattern)})"


def _declared(rule: Rule, contract: Contract) -> Query:
    """Fill the placeholders of a ``sql`` rule; where it counts rows, query those rows."""

    # Imported here because taps read contracts too, and it takes 0.3 s.
    import sqlglot
    from sqlglot import exp

    def fill(match: Any) -> str:
        word = match[1]
        if OWN.get(word) == "column":
            return quoted(str(rule.column))
        return relation(contract, rule.table if word in OWN else word)

    # It is put in brackets later, where a semicolon would break it.
    sql = PLACEHOLDER.sub(fill, str(rule.query)).rstrip("; \t\r\n")
    select = sqlglot.parse_one(sql, dialect="duckdb")
    shaped = any(select.args.get(part) for part in ("group", "having", "qualify", "limit"))
    if shaped or not isinstance(select, exp.Select) or not COUNT.match(sql):
        return Query(sql, is_number=True)
    # The text is edited, not the parsed query, so that DuckDB runs what the contract says.
    return Query(COUNT.sub("SELECT * FROM", sql, count=1))


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def _literals(values: Any) -> str:
    return ", ".join(_literal(value) for value in values)


def _literal(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"
