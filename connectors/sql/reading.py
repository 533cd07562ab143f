"""Which rows of a table a pull asks for, in which order, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connectors.sql.client import Database, SourceTable

Page = Sequence[sa.Row[Any]]


@dataclass(frozen=True)
class Reading:
    """The rows of a table, or with a replication key those at or after `since`, and its nulls."""

    database: Database
    source: SourceTable
    names: Sequence[str]
    replication_key: str | None
    since: Any
    chunk: int

    @property
    def order(self) -> list[str]:
        """The columns that rows are sorted by: the replication key, then the primary key."""
        first = [self.replication_key] if self.replication_key else []
        return first + [key for key in self.source.primary_key if key not in first]

    @property
    def selected(self) -> list[str]:
        """The columns that are read: what is asked for, and the order's."""
        return list(dict.fromkeys([*self.names, *self.order]))

    def column(self, name: str) -> sa.ColumnClause[Any]:
        """Return a column as the query names it; without a type where any value may stand."""
        if self.database.keeps_types_loosely:
            return sa.column(name)
        return sa.column(name, self.source.columns[name]["type"])

    @property
    def table(self) -> sa.TableClause:
        """The table as the query names it."""
        columns = [self.column(name) for name in self.source.columns]
        return sa.table(self.source.name, *columns, schema=self.source.schema)

    def query(self, *columns: sa.ColumnElement[Any], is_sorted: bool) -> sa.Select[Any]:
        """Ask for expressions over all the rows at once, nulls of the order first."""
        query = sa.select(*columns).select_from(self.table)
        if self.replication_key and self.since is not None:
            key = self.column(self.replication_key)
            query = query.where(sa.or_(key.is_(None), key >= self.since))
        order = [self.column(name).nulls_first() for name in self.order]
        return query.order_by(*order) if is_sorted else query

    def pages(self, only: sa.ColumnElement[bool] | None = None) -> Iterator[Page]:
        """Yield the rows in order, `chunk` at a time; of them `only` those, when given."""
        table, order, chunk = self.table, self.order, self.chunk
        base = sa.select(*(table.c[name] for name in self.selected))
        if only is not None:
            base = base.where(only)
        since = None
        if self.replication_key and self.since is not None:
            since = table.c[self.replication_key] >= self.since
        # A comparison never finds a null, so rows with a null in the order come first, unpaged.
        gaps = [table.c[name] for name in order if self.source.columns[name].get("nullable", True)]
        if gaps:
            query = base.where(sa.or_(*(column.is_(None) for column in gaps)))
            if self.replication_key and since is not None:
                query = query.where(sa.or_(table.c[self.replication_key].is_(None), since))
            yield from self.database.pages(query, chunk)
            base = base.where(sa.and_(*(column.is_not(None) for column in gaps)))
        if since is not None:
            base = base.where(since)
        ordered = base.order_by(*(table.c[name] for name in order))
        if not self.source.primary_key:  # nothing is known to be unique, so no page has an edge
            yield from self.database.pages(ordered, chunk)
            return
        last: sa.Row[Any] | None = None
        while True:
            query = ordered.limit(chunk)
            if last is not None:
                query = query.where(_after(table, order, last))
            rows: list[sa.Row[Any]] = []
            for page in self.database.pages(query, chunk):
                rows.extend(page)
            if rows:
                yield rows
            if len(rows) < chunk:
                return
            last = rows[-1]


def _after(
    table: sa.TableClause, order: Sequence[str], last: sa.Row[Any]
) -> sa.ColumnElement[bool]:
    """Spell out (a, b) > (x, y), which not every database compares as tuples."""
    values = last._mapping
    return sa.or_(
        *(
            sa.and_(
                *(table.c[equal] == values[equal] for equal in order[:place]),
                table.c[name] > values[name],
            )
            for place, name in enumerate(order)
        )
    )
