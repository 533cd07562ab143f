"""The fast lane: a table as Parquet files in BATCH messages, each row as its RECORD would say it.

PostgreSQL writes whole tables by COPY; elsewhere the driver's rows are turned column by column.
What a type cannot hold exactly goes as a RECORD, a table with a column of no sure type altogether.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import sqlalchemy as sa

from connectors.sql import copied, exact
from connectors.sql.batches import ENCODING, Batches
from connectors.sql.columns import Column
from connectors.sql.reading import Reading

if TYPE_CHECKING:
    from connectors.sql.streams import TableStream

# Names that a target reads as marks of its own.
_RESERVED = "_sdc_"


def lane(stream: TableStream, config: Mapping[str, Any]) -> FastLane | None:
    """Return the fast lane of a stream; None where its rows have to go as records."""
    for name, schema in stream.properties.items():
        if exact.lake_type(schema) is None or name.startswith(_RESERVED):
            stream.logger.info("%s goes as records, for its column %s", stream.name, name)
            return None
    columns = [Column(name, schema, stream.zone) for name, schema in stream.properties.items()]
    reading = stream.reading()
    if reading.replication_key not in {None, *stream.properties}:
        return None
    fields = [pa.field(column.name, column.type) for column in columns]
    when = datetime.now(UTC).isoformat()
    schema = pa.schema(fields, metadata={"time_extracted": when})
    return FastLane(stream, reading, columns, Batches.to(config, stream.name, schema))


@dataclass
class FastLane:
    """One pull of one table in batches."""

    stream: TableStream
    reading: Reading
    columns: list[Column]
    batches: Batches
    records: int = 0

    def run(self) -> None:
        """Send all rows; the state moves with each file that is complete."""
        with self.batches:
            pieces = self._pieces()
            if pieces is None:
                self._by_driver()
            else:
                self._by_copy(pieces)
            self._hand_over(self.batches.end())
        self.stream.logger.info(
            "%s: %d rows in batches, %d as records",
            self.stream.name,
            self.batches.rows,
            self.records,
        )

    @property
    def _is_free_of_order(self) -> bool:
        """Whether no row can take another's place: then an odd row may come later."""
        keys, unique = set(self.stream.primary_keys), set(self.reading.source.primary_key)
        return not keys or (bool(unique) and unique <= keys)

    def _pieces(self) -> list[copied.Piece] | None:
        reading = self.reading
        if not reading.database.copies:
            return None
        columns = {name: reading.column(name) for name in reading.names}
        found = copied.pieces(columns, self.stream.properties, self.stream.zone)
        if found is None or self._is_free_of_order:
            return found
        odd = reading.query(sa.literal_column("1"), is_sorted=False)
        return None if reading.database.has(odd.where(copied.any_odd(found))) else found

    def _by_copy(self, pieces: list[copied.Piece]) -> None:
        reading, odd, last = self.reading, 0, None
        is_sorted = reading.replication_key is not None or not self._is_free_of_order
        query = copied.statement(reading.query, pieces, is_sorted=is_sorted)
        for block in reading.database.copy(query):
            rows, more = copied.read(block, pieces, self.batches.schema)
            odd += more
            ended = self._last(rows)
            last = last if ended is None else ended
            if not odd:  # a row that has yet to come as a record may be before this one
                self._reach(last)
            self._hand_over(self.batches.add(rows))
        self._hand_over(self.batches.end())
        if odd:
            for page in reading.pages(copied.any_odd(pieces)):
                for row in page:
                    self._send(row)
                self._reach(self._key_of(page[-1]))
            self._reach(last)

    def _by_driver(self) -> None:
        for page in self.reading.pages():
            arrays, odd = [], set[int]()
            values = list(zip(*page, strict=True))
            for column, of_column in zip(self.columns, values, strict=False):
                array, places = column.array(of_column)
                arrays.append(array)
                odd.update(places)
            rows = pa.RecordBatch.from_arrays(arrays, schema=self.batches.schema)
            if odd and not self._is_free_of_order:
                self._hand_over(self.batches.end())
                odd.update(range(len(page)))
            for place in sorted(odd):
                self._send(page[place])
            if odd:
                rows = rows.filter(pa.array([place not in odd for place in range(len(page))]))
            self._reach(self._key_of(page[-1]))
            self._hand_over(self.batches.add(rows))

    def _send(self, row: sa.Row[Any]) -> None:
        values = row._mapping
        self.stream.send({c.name: c.convert(values[c.name]) for c in self.columns})
        self.records += 1

    def _key_of(self, row: sa.Row[Any]) -> Any:
        key = self.reading.replication_key
        return row._mapping[key] if key else None

    def _last(self, rows: pa.RecordBatch) -> Any:
        """Return the last row's replication key, as the driver would give it."""
        key = self.reading.replication_key
        if key is None or not rows.num_rows:
            return None
        value = rows.column(rows.schema.get_field_index(key))[-1].as_py()
        kind = self.reading.source.columns[key]["type"]
        is_local = isinstance(kind, sa.DateTime) and not kind.timezone
        return value.replace(tzinfo=None) if is_local and value is not None else value

    def _reach(self, value: Any) -> None:
        if self.reading.replication_key:
            self.stream.reach(value)

    def _hand_over(self, manifest: list[str]) -> None:
        self.stream.hand_over(ENCODING, manifest)
