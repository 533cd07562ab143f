"""What a contract says, as values: contract, tables, columns, rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts import singer
from contracts.errors import ContractError
from contracts.policy import BLOCK, QUARANTINE

PERSONAL = frozenset({"restricted", "confidential"})


@dataclass(frozen=True)
class Rule:
    """One thing that must hold of a table, under an id that stays the same over versions."""

    id: str
    kind: str
    table: str
    column: str | None
    dimension: str
    severity: str
    comparator: tuple[str, Any] = ("mustBe", 0)
    unit: str = "rows"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    query: str | None = None
    description: str = ""
    mend: str | None = None
    policy: str = BLOCK

    @property
    def holds(self) -> bool:
        """Whether rows that break it are held apart, and the others go on."""
        return self.policy == QUARANTINE


@dataclass(frozen=True)
class Column:
    """A column: its name, its type in DuckDB, and what may stand in it."""

    name: str
    physical_type: str
    logical_type: str
    required: bool
    primary_key: bool
    options: Mapping[str, Any]
    classification: str | None
    description: str
    references: tuple[str, str] | None = None
    unique: bool = False
    policy: str | None = None

    @property
    def is_personal(self) -> bool:
        """Whether its values may not be shown in a verdict, a log or an error."""
        return self.classification in PERSONAL


@dataclass(frozen=True)
class Table:
    """A table: its columns in order, its key, how it is replicated, its rules.

    ``fed`` is False of an entity that is promised before any source tells of it: it has no rows.
    """

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    replication_key: str | None
    append_only: bool
    description: str
    rules: tuple[Rule, ...] = ()
    fed: bool = True

    def column(self, name: str) -> Column:
        """Return a column by name; ``ContractError`` lists the valid ones."""
        for column in self.columns:
            if column.name == name:
                return column
        has = ", ".join(c.name for c in self.columns)
        raise ContractError(f"Table '{self.name}' has no column '{name}'. It has: {has}.")

    @property
    def holds(self) -> bool:
        """Whether some rule of it holds rows apart."""
        return any(rule.holds for rule in self.rules)

    def singer_schema(self) -> dict[str, Any]:
        """Return the JSON Schema for this table's Singer SCHEMA message."""
        return singer.schema(self.columns)


@dataclass(frozen=True)
class Contract:
    """What a source's tables or a canonical entity promise, and who answers for it."""

    name: str
    layer: str
    version: str
    owner: str
    channel: str
    description: str
    tables: tuple[Table, ...]
    path: Path
    tags: tuple[str, ...] = ()
    status: str = "active"

    @property
    def key(self) -> str:
        """Its name among all contracts: ``sources/wms``."""
        return f"{self.layer}/{self.name}"

    @property
    def schema(self) -> str:
        """The schema that its tables lie in: the source's name, or ``canonical``."""
        return self.name if self.layer == "sources" else self.layer

    def dataset(self, table: str) -> str:
        """Name a table as verdicts and lineage do: ``wms.stock``."""
        return f"{self.schema}.{table}"

    def table(self, name: str) -> Table:
        """Return a table by name; ``ContractError`` lists the valid ones."""
        for table in self.tables:
            if table.name == name:
                return table
        has = ", ".join(t.name for t in self.tables)
        raise ContractError(f"Contract {self.key} has no table '{name}'. It has: {has}.")
