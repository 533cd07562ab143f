"""What a database gives: one stream a table, in pages by key, from the bookmark on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.sql.client import Database, SourceTable
from connectors.sql.values import converter, plain
from connectors.stream import CrossdockStream, Record

if TYPE_CHECKING:
    from singer_sdk import Tap


class TableStream(CrossdockStream):
    """A table or view, whole or from the replication key's bookmark on (bookmark included)."""

    is_sorted = True

    def __init__(
        self,
        tap: Tap,
        database: Database,
        source: SourceTable,
        *,
        name: str,
        schema: dict[str, Any],
        keys: Sequence[str],
        replication_key: str | None = None,
    ) -> None:
        self.database = database
        self.source = source
        self._bookmark: Any = None
        super().__init__(tap=tap, name=name, schema=schema)
        self.primary_keys = list(keys)
        self.replication_key = replication_key

    def get_records(self, context: Mapping[str, Any] | None) -> Iterator[Record]:
        """Yield every row, or with a replication key those at or after the bookmark."""
        zone_name = self.config.get("naive_timezone")
        zone = ZoneInfo(zone_name) if zone_name else None
        properties: dict[str, Any] = self.effective_schema["properties"]
        converters = {name: converter(schema, zone) for name, schema in properties.items()}
        bookmarked = self.replication_key if self.replication_method == "INCREMENTAL" else None
        for row in self._rows(list(properties), bookmarked):
            if bookmarked:
                self._bookmark = row[bookmarked]
            yield {name: convert(row[name]) for name, convert in converters.items()}

    def _increment_stream_state(
        self, latest_record: Mapping[str, Any], *, context: Mapping[str, Any] | None = None
    ) -> None:
        """Keep the database's own value as bookmark, so that it is compared with its like."""
        if self.replication_method == "INCREMENTAL" and self._bookmark is not None:
            state = self.get_context_state(context)
            state["replication_key"] = self.replication_key
            value = plain(self._bookmark)
            state["replication_key_value"] = str(value) if isinstance(value, Decimal) else value

    def log_sync_costs(self) -> None:
        """Let the snapshot go; the SDK calls this once all streams are through."""
        self.database.close()

    def _rows(self, names: list[str], bookmarked: str | None) -> Iterator[sa.RowMapping]:
        columns = {name: self._column(name) for name in self.source.columns}
        table = sa.table(self.source.name, *columns.values(), schema=self.source.schema)
        order = [bookmarked] if bookmarked else []
        order += [key for key in self.source.primary_key if key not in order]
        base = sa.select(*(table.c[name] for name in dict.fromkeys([*names, *order])))
        chunk: int = self.config["chunk_size"]

        start = self.get_starting_replication_key_value(None) if bookmarked else None
        # A comparison never finds a null, so rows with a null in the order come first, unpaged.
        gaps = [table.c[name] for name in order if self.source.columns[name].get("nullable", True)]
        if gaps:
            query = base.where(sa.or_(*(column.is_(None) for column in gaps)))
            if bookmarked and start is not None:
                rk = table.c[bookmarked]
                query = query.where(sa.or_(rk.is_(None), rk >= self._bound(bookmarked, start)))
            for row in self.database.rows(query, chunk):
                yield row._mapping
            base = base.where(sa.and_(*(column.is_not(None) for column in gaps)))
        if bookmarked and start is not None:
            base = base.where(table.c[bookmarked] >= self._bound(bookmarked, start))

        if not self.source.primary_key:  # nothing is known to be unique, so no page has an edge
            for row in self.database.rows(base.order_by(*(table.c[n] for n in order)), chunk):
                yield row._mapping
            return
        page = base.order_by(*(table.c[name] for name in order)).limit(chunk)
        last: sa.Row[Any] | None = None
        while True:
            query = page if last is None else page.where(_after(table, order, last))
            rows = list(self.database.rows(query, chunk))
            for row in rows:
                yield row._mapping
            if len(rows) < chunk:
                return
            last = rows[-1]

    def _column(self, name: str) -> sa.ColumnClause[Any]:
        if self.database.keeps_types_loosely:
            return sa.column(name)
        return sa.column(name, self.source.columns[name]["type"])

    def _bound(self, name: str, bookmark: Any) -> Any:
        """Read a bookmark back into the type that the driver compares with the column."""
        if self.database.keeps_types_loosely or not isinstance(bookmark, str):
            return bookmark
        match self.source.columns[name]["type"]:
            case sa.DateTime():
                return datetime.fromisoformat(bookmark)
            case sa.Date():
                return date.fromisoformat(bookmark)
            case sa.Numeric():
                return Decimal(bookmark)
        return bookmark


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
