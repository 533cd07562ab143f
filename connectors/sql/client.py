"""How a database is asked: one read-only snapshot for all tables, reflected names and types."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from singer_sdk.exceptions import ConfigurationError, FatalSyncError
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.engine.reflection import ObjectKind

from connectors.sql import copying
from connectors.sql.values import read_json
from connectors.tap import MASK, one_line


@dataclass(frozen=True)
class SourceTable:
    """A table or view as the database describes it; `schema` is None for the default one."""

    schema: str | None
    name: str
    is_view: bool
    columns: dict[str, ReflectedColumn]
    primary_key: tuple[str, ...]


class Database:
    """A source database, opened on first use and read in one transaction."""

    def __init__(self, url: str) -> None:
        """Take a SQLAlchemy URL; raises ConfigurationError when it is none."""
        try:
            self.url = sa.make_url(url)
        except sa.exc.ArgumentError:
            example = "postgresql+psycopg://user:password@host/database, sqlite:///path/to/file"
            raise ConfigurationError(
                f"Setting 'url' is not a SQLAlchemy URL. Examples: {example}."
            ) from None

        self._connection: sa.Connection | None = None

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)

    @property
    def connection(self) -> sa.Connection:
        """The one connection, with its snapshot open."""
        if self._connection is None:
            with self.errors():
                self._connection = self._engine().connect()
        return self._connection

    def close(self) -> None:
        """End the snapshot, so that no writer waits for it; the next query begins another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def keeps_types_loosely(self) -> bool:
        """Whether any column may hold any type (SQLite), so that values must be read raw."""
        return self.url.get_backend_name() == "sqlite"

    def tables(self, schemas: Sequence[str]) -> list[SourceTable]:
        """List tables and views of the schemas named; of the default one when none is named."""
        with self.errors(), warnings.catch_warnings():
            # A type that SQLAlchemy does not know is read as text.
            warnings.filterwarnings("ignore", "Did not recognize type", sa.exc.SAWarning)
            inspector = sa.inspect(self.connection)
            known = inspector.get_schema_names()
            found: list[SourceTable] = []
            places: Sequence[str | None] = schemas or [None]
            for schema in places:
                if schema is not None and schema not in known:
                    raise ConfigurationError(
                        f"{self} has no schema '{schema}'. It has: {', '.join(known)}."
                    )
                place = None if schema == inspector.default_schema_name else schema
                found += _reflect(inspector, place)
        self.close()  # so that the snapshot begins with the first row
        return found

    def pages(self, query: sa.Select[Any], rows: int) -> Iterator[Sequence[sa.Row[Any]]]:
        """Run a query and yield its rows, so many at a time."""
        with self.errors():
            result = self.connection.execute(query, execution_options={"yield_per": rows})
            yield from result.partitions()

    def has(self, query: sa.Select[Any]) -> bool:
        """Whether a query finds any row."""
        with self.errors():
            return self.connection.execute(query.limit(1)).first() is not None

    @property
    def copies(self) -> bool:
        """Whether whole tables can be had by PostgreSQL's COPY, over psycopg and in UTF-8."""
        if (self.url.get_backend_name(), self.url.get_driver_name()) != ("postgresql", "psycopg"):
            return False
        with self.errors():
            raw = self.connection.connection.driver_connection
        return bool(raw and raw.info.encoding == "utf-8")

    def copy(self, query: str) -> Iterator[bytearray]:
        """Run a query by COPY, in the same snapshot as the rest; yield CSV, whole rows at a time.

        The connection is taken until the last row has come; one that is left earlier is given up.
        """
        with self.errors():
            self.connection.execute(sa.text("select 1"))  # so that the snapshot has begun
            raw: Any = self.connection.connection.driver_connection
            is_through = False
            try:
                yield from copying.blocks(raw, query)
                is_through = True
            finally:
                if not is_through:
                    raw.close()
                    self.connection.invalidate()
                    self.close()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn a database error into one line that names the place and keeps the secrets."""
        try:
            yield
        except (sa.exc.SQLAlchemyError, copying.CopyError, ImportError) as error:
            cause = error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig else error
            reason = one_line(cause)
            for secret in {str(self.url.password or ""), self.url.render_as_string(False)} - {""}:
                reason = reason.replace(secret, MASK)
            raise FatalSyncError(
                f"Cannot read {self}: {reason}. Check the setting 'url', that the server runs "
                "and that the user may read the tables."
            ) from None

    def _engine(self) -> sa.Engine:
        if self.keeps_types_loosely:
            return self._sqlite_engine()
        if self.url.get_backend_name() != "postgresql":
            return self._create()
        engine = self._create(json_deserializer=read_json)
        if engine.dialect.driver == "psycopg":
            sa.event.listen(engine, "connect", _keep_infinite_times)
            sa.event.listen(engine, "connect", _write_plainly)
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def _create(self, **options: Any) -> sa.Engine:
        return sa.create_engine(
            self.url, poolclass=sa.pool.NullPool, hide_parameters=True, **options
        )

    def _sqlite_engine(self) -> sa.Engine:
        path = self.url.database
        is_path = path and path != ":memory:" and not path.startswith("file:")
        if is_path and not Path(str(path)).is_file():  # SQLite would create it
            raise FatalSyncError(f"Cannot read {self}: there is no such file.")
        engine = self._create()

        @sa.event.listens_for(engine, "connect")
        def _prepare(connection: sqlite3.Connection, _: object) -> None:
            connection.text_factory = _text_or_bytes
            connection.execute("pragma query_only = on")
            connection.isolation_level = None  # else the driver leaves out the BEGIN

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("begin")

        return engine


def _reflect(inspector: sa.Inspector, schema: str | None) -> Iterator[SourceTable]:
    keys = inspector.get_multi_pk_constraint(schema=schema)
    for kind, is_view in ((ObjectKind.TABLE, False), (ObjectKind.ANY_VIEW, True)):
        for key, columns in inspector.get_multi_columns(schema=schema, kind=kind).items():
            primary = keys.get(key)
            yield SourceTable(
                schema=schema,
                name=key[1],
                is_view=is_view,
                columns={column["name"]: column for column in columns},
                primary_key=tuple(primary["constrained_columns"]) if primary else (),
            )


def _text_or_bytes(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _write_plainly(connection: Any, _: object) -> None:
    """Have values written in one way, whatever the server or the user is set to."""
    connection.execute("set datestyle = iso")
    connection.execute("set extra_float_digits = 1")
    connection.execute("set bytea_output = hex")
    connection.execute("set synchronize_seqscans = off")  # a table from its beginning
    connection.commit()


def _keep_infinite_times(connection: Any, _: object) -> None:
    """Read 'infinity', 24:00 and years beyond Python's as text; psycopg would fail the query."""
    from psycopg import DataError
    from psycopg.types import datetime as types

    for name, loader in (
        ("date", types.DateLoader),
        ("timestamp", types.TimestampLoader),
        ("timestamptz", types.TimestamptzLoader),
        ("time", types.TimeLoader),
        ("timetz", types.TimetzLoader),
    ):

        class Lenient(loader):  # type: ignore[valid-type,misc]
            def load(self, data: Any) -> Any:
                try:
                    return super().load(data)
                except DataError:
                    return bytes(data).decode()

        connection.adapters.register_loader(name, Lenient)
