"""All that could make a canonical column wrong: what its values come from, and what its rows do.

`lineage.py` tells a person where a number comes from. A gate must know more: a field that only
joins, filters, groups or orders can lose a row or double it, so it counts here too, through every
model back to the sources. What cannot be followed is taken to come from everything behind it:
better a job that waits than one that acts on what was broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.compiled import Model, landed, models
from contracts.document import choices
from contracts.errors import ContractError
from contracts.influence import ROWS, Step, trace
from contracts.model import Contract
from contracts.reader import read_all


@dataclass(frozen=True)
class Upstream:
    """What a consumer stands on: fields (``wms.stock.qty``), their tables, and tables as a whole.

    ``whole`` are tables of which it is not known which fields count, so all of them do.
    """

    fields: frozenset[str]
    tables: frozenset[str]
    whole: frozenset[str]

    def is_reached_by(self, dataset: str, column: str | None) -> bool:
        """Tell whether what is wrong with a column, or with a table as a whole, may be in it."""
        if column is None:
            return dataset in self.tables
        return dataset in self.whole or f"{dataset}.{column}" in self.fields


class Reach:
    """What lies upstream of columns, over a dbt project's compiled models."""

    def __init__(self, compiled: Sequence[Model], given: Mapping[str, Iterable[str]]) -> None:
        """Take the models; ``given`` are the columns of source tables and contracted models."""
        self._models = {model.relation: model for model in compiled}
        self._given = {relation: list(names) for relation, names in given.items()}
        self._steps: dict[str, Step | None] = {}
        self._ahead: dict[str, set[str]] = {}

    @classmethod
    def from_manifest(
        cls, manifest: Mapping[str, Any], sources: Sequence[Contract] | None = None
    ) -> Reach:
        """Read the models from dbt's manifest (compiled) and the tables from the contracts.

        sources: their contracts as they were when the models were compiled, if no longer so.
        """
        given: dict[str, Iterable[str]] = dict(landed(sources or read_all("sources")))
        for contract in read_all("canonical"):
            given |= {
                contract.dataset(t.name): [c.name for c in t.columns] for t in contract.tables
            }
        return cls(models(manifest), given)

    def upstream(self, reads: Mapping[str, Iterable[str]]) -> Upstream:
        """Return what lies upstream of columns (dataset -> columns), they themselves included."""
        seen: set[str] = set()
        whole: set[str] = set()
        waiting = [f"{dataset}.{name}" for dataset, names in reads.items() for name in names]
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                following = self._behind(node)
                if following is None:
                    whole |= self._everything_behind(node.rpartition(".")[0])
                else:
                    waiting += following
        return Upstream(
            fields=frozenset(node for node in seen if not node.endswith(f".{ROWS}")),
            tables=frozenset(node.rpartition(".")[0] for node in seen) | whole,
            whole=frozenset(whole),
        )

    def downstream(self, dataset: str, column: str | None) -> dict[str, frozenset[str]]:
        """Return what a field, or a table as a whole, may make wrong: by dataset, its columns.

        `ROWS` among them says that which rows there are depends on it, so that all columns do.
        Raises ``ContractError`` for a table or a column that is not there.
        """
        columns = self._columns(dataset)
        if not columns or (column is not None and column not in columns):
            schema = f"{dataset.partition('.')[0]}."
            near = columns or [t for t in self._given if t.startswith(schema)] or [*self._given]
            what = f"{dataset} has no column '{column}'" if columns else f"No table is '{dataset}'"
            raise ContractError(f"{what}. {choices(column if columns else dataset, near)}")
        start = {f"{dataset}.{column}"} if column else {f"{dataset}.{c}" for c in (*columns, ROWS)}
        reached: set[str] = set()
        waiting = [*start]
        while waiting:
            node = waiting.pop()
            if node not in reached:
                reached.add(node)
                waiting += self._before().get(node, ())
        found: dict[str, set[str]] = {}
        for node in reached - start:
            relation, _, name = node.rpartition(".")
            found.setdefault(relation, set()).add(name)
        return {relation: frozenset(names) for relation, names in sorted(found.items())}

    def _before(self) -> dict[str, set[str]]:
        """Return the fields and rows that each of them is directly behind of, over all models."""
        if not self._ahead:
            for relation in self._models:
                for name in (*self._columns(relation), ROWS):
                    node = f"{relation}.{name}"
                    for behind in self._known_behind(node):
                        self._ahead.setdefault(behind, set()).add(node)
        return self._ahead

    def _known_behind(self, node: str) -> list[str]:
        """Return what is directly behind; of what cannot be followed every field behind it."""
        found = self._behind(node)
        if found is not None:
            return found
        tables = self._everything_behind(node.rpartition(".")[0])
        return [f"{table}.{name}" for table in tables for name in (*self._columns(table), ROWS)]

    def _behind(self, node: str) -> list[str] | None:
        """Return what is directly behind a field or a relation's rows; None is unknown."""
        relation, _, column = node.rpartition(".")
        if relation not in self._models:
            return [] if column == ROWS else [f"{relation}.{ROWS}"]
        step = self._step(relation)
        if step is None or (column != ROWS and column not in step.values):
            return None
        if column == ROWS:
            return sorted(step.rows)
        return [*sorted(step.values[column]), f"{relation}.{ROWS}"]

    def _everything_behind(self, relation: str) -> set[str]:
        found: set[str] = set()
        waiting = [relation]
        while waiting:
            relation = waiting.pop()
            if relation not in found:
                found.add(relation)
                waiting += self._models[relation].upstream if relation in self._models else ()
        return found

    def _step(self, relation: str) -> Step | None:
        if relation not in self._steps:
            self._steps[relation] = None  # of a circle nothing is known
            model = self._models[relation]
            read = {*model.upstream, relation}  # an incremental model reads itself too
            self._steps[relation] = trace(model, {up: self._columns(up) for up in read})
        return self._steps[relation]

    def _columns(self, relation: str) -> list[str]:
        if relation in self._given:
            return self._given[relation]
        step = self._step(relation) if relation in self._models else None
        return list(step.values) if step else []
