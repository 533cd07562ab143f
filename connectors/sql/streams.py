"""What a database gives: one stream a table, in order, from the bookmark on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.sql import bookmarks
from connectors.sql.client import Database, SourceTable
from connectors.sql.reading import Reading
from connectors.sql.values import converter
from connectors.stream import ContractStream, CrossdockStream, Record

if TYPE_CHECKING:
    from connectors.tap import CrossdockTap
    from contracts import Table


class TableStream(CrossdockStream):
    """A table or view, whole or from the replication key's bookmark on (bookmark included)."""

    is_sorted = True

    def __init__(
        self,
        tap: CrossdockTap,
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

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone of times that carry none."""
        name = self.config.get("naive_timezone")
        return ZoneInfo(name) if name else None

    @property
    def properties(self) -> dict[str, Any]:
        """The JSON schema of each column that is read."""
        found: dict[str, Any] = self.effective_schema["properties"]
        return found

    def reading(self) -> Reading:
        """Return what this pull asks the table for."""
        key = self.replication_key if self.replication_method == "INCREMENTAL" else None
        since = bookmarks.earlier(self._start, self._lookback) if key else None
        return Reading(
            database=self.database,
            source=self.source,
            names=list(self.properties),
            replication_key=key,
            since=since,
            chunk=self.config["chunk_size"],
        )

    def get_records(self, context: Mapping[str, Any] | None) -> Iterator[Record]:
        """Yield every row, or with a replication key those from the bookmark on."""
        zone = self.zone
        converters = {name: converter(schema, zone) for name, schema in self.properties.items()}
        reading = self.reading()
        for page in reading.pages():
            for row in page:
                values = row._mapping
                if reading.replication_key:
                    self.reach(values[reading.replication_key])
                yield {name: convert(values[name]) for name, convert in converters.items()}

    def reach(self, value: Any) -> None:
        """Note how far the replication key has come; the next STATE says so."""
        reached = self._start if self._bookmark is None else self._bookmark
        if bookmarks.moves(value, self._key_type, reached):
            self._bookmark = value

    def _increment_stream_state(
        self, latest_record: Mapping[str, Any], *, context: Mapping[str, Any] | None = None
    ) -> None:
        """Keep the database's own value as bookmark, so that it is compared with its like."""
        if self.replication_method == "INCREMENTAL" and self._bookmark is not None:
            state = self.get_context_state(context)
            state["replication_key"] = self.replication_key
            state["replication_key_value"] = bookmarks.written(self._bookmark)

    def get_batch_config(self, config: Mapping[str, Any]) -> Any:
        """Return the setting as it is; the SDK's class would take any encoding."""
        return config.get("batch_config")

    def _sync_batches(self, batch_config: Any, context: Mapping[str, Any] | None = None) -> None:
        from connectors.sql import fast  # it imports Arrow, which costs 0.2 s

        with self.alone():
            self._write_starting_replication_value(context)
            if lane := fast.lane(self, batch_config):
                lane.run()
                self._increment_stream_state({})
                self._finalize_state(self.stream_state)
                self._write_state_message()
                return
        if not self.has_failed:
            for _ in self._sync_records(context):
                pass

    def send(self, record: Record) -> None:
        """Write a row as a RECORD message, in the fast lane too."""
        self._write_record_message(record)

    def hand_over(self, encoding: Any, manifest: list[str]) -> None:
        """Write a BATCH message, and the STATE that all rows sent so far allow."""
        if manifest:
            self._write_batch_message(encoding, manifest)
            self._increment_stream_state({})
            self._write_state_message()

    def clear_away(self) -> None:
        """Leave the connection of a stream that failed: what came of it cannot be known."""
        self.database.close()

    def log_sync_costs(self) -> None:
        """Let the snapshot go; the SDK calls this once all streams are through."""
        self.database.close()

    @property
    def _key_type(self) -> sa.types.TypeEngine[Any] | None:
        if self.database.keeps_types_loosely or not self.replication_key:
            return None
        found: sa.types.TypeEngine[Any] = self.source.columns[self.replication_key]["type"]
        return found

    @property
    def _start(self) -> Any:
        return bookmarks.read(self.get_starting_replication_key_value(None), self._key_type)

    @property
    def _lookback(self) -> float:
        # Without a key, rows that are read again would be stored again.
        return float(self.config["lookback_seconds"]) if self.primary_keys else 0.0


class MissingTable(ContractStream):
    """A table of the contract that the database does not have as the contract says.

    Its SCHEMA is the contract's all the same: a target keeps the first key that it is told.
    """

    def __init__(self, tap: CrossdockTap, table: Table, error: Exception) -> None:
        self.error = error
        super().__init__(tap, table)

    def get_records(self, context: Mapping[str, Any] | None) -> Iterator[Record]:
        """Raise why it cannot be read, in the place of its rows."""
        raise self.error

    def get_batch_config(self, config: Mapping[str, Any]) -> None:
        """Give none: there is nothing to send."""
