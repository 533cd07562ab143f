"""tap-sql: any relational database that SQLAlchemy reaches."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from singer_sdk import typing as th
from singer_sdk.exceptions import ConfigurationError
from singer_sdk.helpers.capabilities import (
    BATCH_CONFIG,
    CapabilitiesEnum,
    PluginCapabilities,
)

from connectors import clock
from connectors.sql.client import Database, SourceTable
from connectors.sql.streams import MissingTable, TableStream
from connectors.sql.values import column_schema
from connectors.stream import CrossdockStream
from connectors.tap import CrossdockTap

if TYPE_CHECKING:
    import contracts


class TapSQL(CrossdockTap):
    """Reads tables and views of a relational database, whole or by replication key."""

    name = "tap-sql"
    dynamic_catalog = True
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "url",
            th.StringType,
            required=True,
            secret=True,
            description="SQLAlchemy URL, like postgresql+psycopg://user:password@host/database",
        ),
        th.Property(
            "contract",
            th.StringType,
            description="Source contract, like erp: only its tables and columns, with its keys",
        ),
        th.Property(
            "schemas",
            th.ArrayType(th.StringType),
            default=[],
            description="Database schemas to read; none is the connection's default",
        ),
        th.Property(
            "naive_timezone",
            th.StringType,
            description="IANA zone of times that carry none, like UTC; without it they stay so",
        ),
        th.Property(
            "chunk_size", th.IntegerType(minimum=1), default=10_000, description="Rows a page"
        ),
        th.Property(
            "lookback_seconds",
            th.NumberType(minimum=0),
            default=300,
            description="Read again so much before the bookmark: a row is dated when its "
            "transaction begins and seen when it commits. Only for times, of streams with a key",
        ),
    ).to_dict()
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        *CrossdockTap.capabilities,
        PluginCapabilities.BATCH,
    ]

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the SDK's setting `batch_config`: without it, rows go as records."""
        config_jsonschema["properties"] |= BATCH_CONFIG["properties"]

    @cached_property
    def database(self) -> Database:
        """The database that the URL names."""
        return Database(self.config["url"])

    def discover_streams(self) -> Sequence[CrossdockStream]:
        """Give one stream a table: of the contract when one is named, else of the database.

        A table that is not as the contract says fails when it is its turn, and stops no other.
        """
        zone = self._zone()
        tables = self.database.tables(self.config["schemas"])
        name = self.config.get("contract")
        if name:
            return [self._contracted(name, table, tables) for table in _contract(name).tables]
        return [self._discovered(source, zone) for source in tables]

    def _zone(self) -> ZoneInfo | None:
        name = self.config.get("naive_timezone")
        return clock.zone(name, "naive_timezone") if name else None

    def _discovered(self, source: SourceTable, zone: ZoneInfo | None) -> TableStream:
        properties, required = {}, []
        for name, column in source.columns.items():
            schema = column_schema(column["type"], zone)
            types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
            if column.get("nullable", True):
                schema["type"] = [*types, "null"]
            else:
                schema["type"] = types
                required.append(name)
            properties[name] = schema
        return TableStream(
            self,
            self.database,
            source,
            name=f"{source.schema}-{source.name}" if source.schema else source.name,
            schema={"type": "object", "properties": properties, "required": required},
            keys=source.primary_key,
        )

    def _contracted(
        self, contract: str, table: contracts.Table, tables: Sequence[SourceTable]
    ) -> CrossdockStream:
        try:
            source = self._found(contract, table, tables)
        except ConfigurationError as error:
            return MissingTable(self, table, error)
        return TableStream(
            self,
            self.database,
            source,
            name=table.name,
            schema=table.singer_schema(),
            keys=table.primary_key,
            replication_key=table.replication_key,
        )

    def _found(
        self, contract: str, table: contracts.Table, tables: Sequence[SourceTable]
    ) -> SourceTable:
        by_name = {source.name: source for source in tables}
        law = f"Contract sources/{contract}"
        if table.name not in by_name:
            raise ConfigurationError(
                f"{law} has a table '{table.name}' that {self.database} lacks."
                f"{_guess(table.name, by_name)} It has: {', '.join(sorted(by_name)) or 'none'}. "
                "Mend the setting 'url' or 'schemas', the source, or the contract."
            )
        source = by_name[table.name]
        wanted = [column.name for column in table.columns]
        for name in wanted:
            if name not in source.columns:
                others = [column for column in source.columns if column not in wanted]
                raise ConfigurationError(
                    f"{law} has a column '{table.name}.{name}' that {self.database} lacks."
                    f"{_guess(name, others)} The table has: {', '.join(source.columns)}. "
                    "Mend the source or the contract."
                )
        extra = sorted(set(source.columns) - set(wanted))
        if extra:
            self.logger.info(
                "%s: %s is not in contract sources/%s, left out",
                table.name,
                ", ".join(extra),
                contract,
            )
        return source


def _contract(name: str) -> contracts.Contract:
    import contracts  # it brings what judges a table: 0.3 s that a tap without one can spare

    return contracts.read(f"sources/{name}")


def _guess(name: str, others: Sequence[str] | dict[str, SourceTable]) -> str:
    close = difflib.get_close_matches(name, list(others), n=1, cutoff=0.5)
    return f" Was it renamed to '{close[0]}'?" if close else ""


if __name__ == "__main__":
    TapSQL.cli()
