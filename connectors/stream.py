"""What every stream of ours shares: values pass unchanged, a failure stops only itself."""

from __future__ import annotations

import copy
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.exceptions import AbortedSyncExceptionBase
from singer_sdk.helpers.conform import TypeConformanceLevel

from connectors.tap import CrossdockTap

if TYPE_CHECKING:
    from contracts import Table

Record = dict[str, Any]


class CrossdockStream(Stream):
    """A stream whose get_records yields what is to be written, in JSON's own types and Decimal.

    The SDK's conforming is off: it turns NaN into null and calls a naive time UTC.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    _tap: CrossdockTap
    has_failed = False

    def get_replication_key_signpost(self, context: Mapping[str, Any] | None = None) -> None:
        """Give none: the SDK would move the bookmark of an unsorted stream up to this clock."""

    def finalize_state_progress_markers(self, state: dict[str, Any] | None = None) -> None:
        """Promote the bookmark of a stream that went through; a failed one keeps its own."""
        if not self.has_failed:
            super().finalize_state_progress_markers(state)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let a failure stop this stream only, with the last bookmark that was written."""
        self._written = copy.deepcopy(self.stream_state)
        try:
            yield
        except (AbortedSyncExceptionBase, BrokenPipeError):  # asked for, or nobody listens
            raise
        except Exception as error:
            self.stream_state.clear()
            self.stream_state.update(self._written)
            self.has_failed = True
            self.clear_away()
            if not self._tap.may_go_on(self.name, error):
                raise

    def clear_away(self) -> None:
        """Do what the other streams need after this one failed; nothing, unless overridden."""

    def _sync_records(
        self, context: Mapping[str, Any] | None = None, *, write_messages: bool = True
    ) -> Generator[Record, Any, Any]:
        with self.alone():
            yield from super()._sync_records(context, write_messages=write_messages)

    def _write_state_message(self) -> None:
        super()._write_state_message()
        self._written = copy.deepcopy(self.stream_state)


class ContractStream(CrossdockStream):
    """A stream that takes its name, schema and keys from a table of a source contract."""

    def __init__(self, tap: CrossdockTap, table: Table) -> None:
        self.table = table
        super().__init__(tap=tap, name=table.name, schema=table.singer_schema())
        self.primary_keys = list(table.primary_key)
        self.replication_key = table.replication_key
