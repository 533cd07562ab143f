"""What every stream of ours shares: values pass unchanged, bookmarks come from records only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel

if TYPE_CHECKING:
    from singer_sdk import Tap

    from contracts import Table

Record = dict[str, Any]


class CrossdockStream(Stream):
    """A stream whose get_records yields what is to be written, in JSON's own types and Decimal.

    The SDK's conforming is off: it turns NaN into null and calls a naive time UTC.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def get_replication_key_signpost(self, context: Mapping[str, Any] | None = None) -> None:
        """Give none: the SDK would move the bookmark of an unsorted stream up to this clock."""


class ContractStream(CrossdockStream):
    """A stream that takes its name, schema and keys from a table of a source contract."""

    def __init__(self, tap: Tap, table: Table) -> None:
        self.table = table
        super().__init__(tap=tap, name=table.name, schema=table.singer_schema())
        self.primary_keys = list(table.primary_key)
        self.replication_key = table.replication_key
