"""From a canonical column back to the source fields that its values come from.

Values only: columns that merely filter or join are not part of it. Where the SQL cannot be
followed (``UNION BY NAME``, ``EXCLUDE``, ``PIVOT``, an unknown table), lineage is unknown, and
said to be, rather than guessed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node
from sqlglot.lineage import lineage as trace

from contracts.compiled import Model, landed, models
from contracts.errors import ContractError
from contracts.reader import read_all

Fields = frozenset[str]
# A column of one relation -> the columns of other relations behind it; None is unknown.
Step = Mapping[str, Fields | None]


class Lineage:
    """Column lineage over a dbt project's compiled models; each model is traced once, on demand."""

    def __init__(
        self,
        compiled: Sequence[Model],
        sources: Mapping[str, Mapping[str, str]],
        own: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Take the models, the source tables, and the columns of models that read themselves.

        Sources are dataset -> column -> type; ``own`` is relation -> columns.
        """
        self._own = own or {}
        self._models = {model.relation: model for model in compiled}
        self._sources = sources
        self._steps: dict[str, Step] = {}

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> Lineage:
        """Read the models from dbt's manifest (compiled) and the sources from the contracts."""
        entities = read_all("canonical")
        own = {c.dataset(t.name): [x.name for x in t.columns] for c in entities for t in c.tables}
        return cls(models(manifest), landed(read_all("sources")), own)

    def sources_of(self, table: str, column: str, *, schema: str = "canonical") -> Fields | None:
        """Return the source fields behind a column, such as ``{'wms.stock.qty'}``.

        An empty set is a value that comes from no source, such as a constant or a row count;
        None means that the lineage is unknown. Raises ``ContractError`` for an unknown table or
        column.
        """
        relation = f"{schema}.{table}"
        if relation not in self._models:
            has = ", ".join(sorted(self._models))
            raise ContractError(f"There is no model '{relation}'. There are: {has}.")
        step = self._step(relation)
        if step and column not in step:
            has = ", ".join(step)
            raise ContractError(f"Model {relation} has no column '{column}'. It has: {has}.")
        return self._follow(relation, column, frozenset())

    def step_of(self, table: str, column: str, *, schema: str = "canonical") -> Fields | None:
        """Return the columns that a column is made of, one model back: ``{'staging.stg_x.qty'}``.

        Empty and None are as in ``sources_of``; a source field has no step behind it, so None too.
        """
        relation = f"{schema}.{table}"
        return self._step(relation).get(column) if relation in self._models else None

    def steps_of(self, table: str, *, schema: str = "canonical") -> Step:
        """Return `step_of` for every column of a model; empty where it cannot be traced."""
        relation = f"{schema}.{table}"
        return self._step(relation) if relation in self._models else {}

    def tables_of(self, table: str, *, schema: str = "canonical") -> Fields:
        """Return every source table upstream of a model, such as ``{'wms.stock'}``."""
        return self._tables(f"{schema}.{table}")

    def _tables(self, relation: str) -> Fields:
        found, waiting = set(), [relation]
        while waiting:
            relation = waiting.pop()
            if relation not in found:
                found.add(relation)
                waiting += self._models[relation].upstream if relation in self._models else ()
        return frozenset(found & set(self._sources))

    def _follow(self, relation: str, column: str, seen: frozenset[str]) -> Fields | None:
        if relation in self._sources:
            known = column in self._sources[relation]
            return frozenset({f"{relation}.{column}"}) if known else None
        if relation not in self._models or relation in seen:
            # A model that reads itself (incremental) adds no source by doing so.
            return frozenset() if relation in seen else None
        behind = self._step(relation).get(column)
        if behind is None:
            return None
        fields: set[str] = set()
        for field in behind:
            table, _, name = field.rpartition(".")
            found = self._follow(table, name, seen | {relation})
            if found is None:
                return None
            fields |= found
        return frozenset(fields)

    def _step(self, relation: str) -> Step:
        """Trace one model to the relations that it reads; empty where it cannot be traced."""
        if relation not in self._steps:
            model = self._models[relation]
            known = {up: self._columns(up) for up in model.upstream}
            # An incremental model reads itself too; its own columns come from its contract.
            if relation in self._own:
                known[relation] = list(self._own[relation])
            lookups = {up for up in model.upstream if not self._tables(up)}
            self._steps[relation] = _trace(model, known, lookups)
        return self._steps[relation]

    def _columns(self, relation: str) -> list[str]:
        if relation in self._sources:
            return list(self._sources[relation])
        return list(self._step(relation)) if relation in self._models else []


def _trace(model: Model, known: Mapping[str, Sequence[str]], lookups: Collection[str]) -> Step:
    try:
        query = sqlglot.parse_one(model.sql, dialect="duckdb")
        if any(_is_opaque(node) for node in query.walk()):
            return {}
        _see_through_functions(query)
        _see_through_lookups(query, lookups)
        schema: dict[str, dict[str, dict[str, str]]] = {}
        for table in query.find_all(exp.Table):
            # Two-part names, so that one schema serves whatever catalog dbt compiled for.
            table.set("catalog", None)
        for relation, columns in known.items():
            db, _, name = relation.partition(".")
            # sqlglot wants a type a column; lineage does not look at it.
            schema.setdefault(db, {})[name] = dict.fromkeys(columns, "VARCHAR")
        traced = trace(None, query, schema, dialect="duckdb", trim_selects=False, copy=False)
        return {name: _leaves(node) for name, node in traced.items()}
    except (SqlglotError, ValueError, RecursionError):
        return {}


def _see_through_functions(query: exp.Expr) -> None:
    """Put the argument of a table function in place of its columns.

    In ``from t cross join json_each(t.list) as item``, what ``item.value`` holds comes from
    ``t.list``; sqlglot takes ``item`` for a table that nobody knows.
    """
    for table in query.find_all(exp.Table):
        select = table.find_ancestor(exp.Select)
        if not isinstance(table.this, exp.Func) or select is None:
            continue
        arguments = list(table.this.find_all(exp.Column))
        if len(arguments) == 1:
            _replace(select, table.alias, arguments)


def _see_through_lookups(query: exp.Expr, lookups: Collection[str]) -> None:
    """Put what was looked up in place of the answer of a table of constants.

    A status mapped by a code table comes from the raw code that the join compares, not from the
    table; without this its lineage would look like that of a constant.
    """
    for join in query.find_all(exp.Join):
        table, condition = join.this, join.args.get("on")
        select = join.find_ancestor(exp.Select)
        if isinstance(table, exp.Table) and condition is not None and select is not None:
            alias = table.alias_or_name
            compared = [c for c in condition.find_all(exp.Column) if c.table != alias]
            if f"{table.db}.{table.name}" in lookups and compared:
                _replace(select, alias, compared)


def _replace(select: exp.Select, alias: str, by: Sequence[exp.Column]) -> None:
    """Replace the columns of one table in what is selected, keeping the names of the results."""
    for projection in list(select.selects):
        name = projection.alias_or_name
        if any(c.table == alias for c in projection.find_all(exp.Column)):
            columns = [c.copy() for c in projection.find_all(exp.Column) if c.table != alias]
            values = [*columns, *(c.copy() for c in by)]
            projection.replace(exp.alias_(exp.func("coalesce", *values), name, quoted=True))


def _is_opaque(node: exp.Expr) -> bool:
    by_name = isinstance(node, exp.SetOperation) and node.args.get("by_name")
    excluding = isinstance(node, exp.Star) and any(node.args.values())
    return bool(by_name or excluding or isinstance(node, exp.Pivot))


def _leaves(node: Node) -> Fields | None:
    """Gather the table columns at the ends of a trace; None if one end is not a known column."""
    fields: set[str] = set()
    for part in node.walk():
        if isinstance(part.expression, exp.Placeholder | exp.Star):
            return None
        if isinstance(part.expression, exp.Table):
            column = part.name.rpartition(".")[2].strip('"')
            if not part.expression.db or column == "*":
                return None
            fields.add(f"{part.expression.db}.{part.expression.name}.{column}")
    return frozenset(fields)
