"""One step back from a model: what its columns' values come from, and what decides its rows.

Unlike ``lineage.py``, which follows values only, what joins, filters, groups or orders counts here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from contracts.compiled import Model

# Stands for the rows of a relation, beside the names of its columns.
ROWS = "*"
_DECIDING = ("where", "joins", "group", "having", "qualify", "distinct", "order", "laterals")


@dataclass(frozen=True)
class Step:
    """By output column the fields behind it (``wms.stock.qty``), and those that decide the rows.

    A whole relation among the latter is its name and `ROWS`: ``wms.stock.*``.
    """

    values: Mapping[str, frozenset[str]]
    rows: frozenset[str]


# By the id of a query: its step, or None while it is being traced.
_Done = dict[int, Step | None]


class _UnclearError(Exception):
    """A column of the SQL that cannot be led back to a table."""


def trace(model: Model, known: Mapping[str, Sequence[str]]) -> Step | None:
    """Trace a model's SQL to the relations that it reads, given as relation -> columns.

    Returns None where the SQL cannot be followed (PIVOT, UNION BY NAME, an unknown table).
    """
    try:
        query = sqlglot.parse_one(model.sql, dialect="duckdb")
        if query.find(exp.Pivot) is not None:
            return None
        schema: dict[str, Any] = {}
        for table in query.find_all(exp.Table):
            table.set("catalog", None)  # two-part names, whatever catalog dbt compiled for
        for relation, columns in known.items():
            if not columns:
                continue
            db, _, name = relation.partition(".")
            schema.setdefault(db, {})[name] = dict.fromkeys(columns, "VARCHAR")
        qualified = qualify(
            query,
            schema=schema,
            dialect="duckdb",
            validate_qualify_columns=False,
            quote_identifiers=False,
        )
        root = build_scope(qualified)
        if root is None:
            return None
        return _of_scope(root, model.relation, {})
    except (SqlglotError, _UnclearError, ValueError, KeyError, RecursionError):
        return None


def _of_scope(scope: Scope, own: str, done: _Done) -> Step:
    """Lead a query's outputs and rows back to tables, its subqueries first."""
    key = id(scope.expression)  # a recursive query is another scope of the same expression
    if key not in done:
        done[key] = None
        is_union = isinstance(scope.expression, exp.SetOperation)
        done[key] = (_of_union if is_union else _of_select)(scope, own, done)
    return done[key] or Step({}, frozenset())


def _of_union(scope: Scope, own: str, done: _Done) -> Step:
    union = scope.expression
    if union.args.get("by_name"):
        raise _UnclearError(union.sql())
    left, right = (_of_scope(part, own, done) for part in scope.set_operation_scopes)
    theirs = [*right.values.values()] or [frozenset[str]()] * len(left.values)
    pairs = zip(left.values.items(), theirs, strict=True)
    values = {name: mine | other for (name, mine), other in pairs}
    rows = left.rows | right.rows
    if not isinstance(union, exp.Union) or union.args.get("distinct"):
        rows = rows.union(*values.values())  # which rows are equal decides which stay
    return Step(values, rows)


def _of_select(scope: Scope, own: str, done: _Done) -> Step:
    rows: set[str] = set()
    for name, _ in scope.references:  # semi joins too, which select nothing
        rows.update(_rows_of(scope.sources.get(name), scope, own, done))
    for inner in scope.subquery_scopes:
        # What a subquery says of a row may come from all that it reads.
        step = _of_scope(inner, own, done)
        rows |= step.rows.union(*step.values.values())
    select = scope.expression
    if not isinstance(select, exp.Select) or select.is_star:
        raise _UnclearError(select.sql())
    for part in _DECIDING:
        for node in _listed(select.args.get(part)):
            rows |= _of_columns(node, scope, own, done)
    values = {
        projection.alias_or_name: frozenset(_of_columns(projection, scope, own, done))
        for projection in select.selects
    }
    distinct, group = select.args.get("distinct"), select.args.get("group")
    if (distinct and not distinct.args.get("on")) or (group and group.args.get("all")):
        rows = rows.union(*values.values())  # which rows are equal decides which there are
    return Step(values, frozenset(rows))


def _rows_of(source: object, scope: Scope, own: str, done: _Done) -> Iterable[str]:
    if isinstance(source, Scope) and isinstance(source.expression, exp.UDTF):
        return _of_function(source, scope, own, done)
    if isinstance(source, Scope):
        return _of_scope(source, own, done).rows
    if isinstance(source, exp.Table) and isinstance(source.this, exp.Func):
        return _of_columns(source, scope, own, done)
    if isinstance(source, exp.Table) and source.db:
        relation = f"{source.db}.{source.name}"
        return () if relation == own else (f"{relation}.{ROWS}",)
    raise _UnclearError(str(source))


def _of_function(source: Scope, scope: Scope, own: str, done: _Done) -> set[str]:
    """Lead what UNNEST or LATERAL gives back: to its arguments, or to all of its subquery."""
    found = _of_columns(source.expression, scope, own, done)
    for inner in source.subquery_scopes:
        step = _of_scope(inner, own, done)
        found |= step.rows.union(*step.values.values())
    return found


def _of_columns(node: exp.Expr, scope: Scope, own: str, done: _Done) -> set[str]:
    found: set[str] = set()
    for column in node.find_all(exp.Column):
        found.update(_of_column(column, scope, own, done))
    return found


def _of_column(column: exp.Column, scope: Scope, own: str, done: _Done) -> Iterable[str]:
    at: Scope | None = scope
    while at is not None and column.table not in at.sources:
        at = at.parent
    if at is None:
        if column.find_ancestor(exp.Query) is not scope.expression:
            return ()  # a subquery's own, whose scope follows it
        raise _UnclearError(column.sql())
    source = at.sources[column.table]
    if isinstance(source, Scope) and not isinstance(source.expression, exp.UDTF):
        values = _of_scope(source, own, done).values
        if values and column.name not in values:
            raise _UnclearError(column.sql())
        return values.get(column.name, ())
    if isinstance(source, Scope):
        return _of_function(source, at, own, done)
    if isinstance(source.this, exp.Func):
        return _of_columns(source, at, own, done)
    if source.db:
        relation = f"{source.db}.{source.name}"
        return () if relation == own else (f"{relation}.{column.name}",)
    raise _UnclearError(column.sql())


def _listed(part: Any) -> Iterator[exp.Expr]:
    for node in part if isinstance(part, list) else [part]:
        if isinstance(node, exp.Expr):
            yield node
