"""An SQLAlchemy dialect over a DuckDB connection that is already open.

Great Expectations speaks SQLAlchemy only, and duckdb-engine fails it: its cursors are lazy, so a
second query on the connection empties the first, and its reflection asks for PostgreSQL's catalog,
which an attached DuckLake does not answer. Here cursors fetch at once and reflection is DESCRIBE.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import duckdb
import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.pool import SingletonThreadPool
from sqlalchemy.sql.compiler import IdentifierPreparer

NAME = "crossdock"
_shared: dict[str, duckdb.DuckDBPyConnection] = {}
_owned: set[int] = set()


@contextmanager
def shared(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Lend an open connection under an SQLAlchemy URL for as long as the block lasts.

    The same connection is used, not a cursor of it, so that what its transaction sees is judged.
    """
    registry.register(NAME, __name__, "Dialect")
    token = secrets.token_hex(8)
    _shared[token] = con
    try:
        yield f"{NAME}://{token}"
    finally:
        del _shared[token]


@contextmanager
def snapshot(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Hold one transaction for the block, unless the caller holds one already.

    DuckLake then looks once which snapshot is the newest, not for every query.
    """
    if in_transaction(con):
        yield
        return
    con.execute("BEGIN TRANSACTION")
    _owned.add(id(con))
    try:
        yield
    finally:
        _owned.discard(id(con))
        con.execute("ROLLBACK")


def in_transaction(con: duckdb.DuckDBPyConnection) -> bool:
    """Say whether a transaction is open; a second BEGIN would abort it."""
    # Two statements have one number only inside a transaction.
    first, second = (con.execute("SELECT txid_current()").fetchone() for _ in range(2))
    return bool(first == second)


class Cursor:
    """A DBAPI cursor that fetches all rows as it executes."""

    arraysize = 1

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.description: Any = None
        self.rows: list[tuple[Any, ...]] = []

    @property
    def rowcount(self) -> int:
        return len(self.rows)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        try:
            self.con.execute(sql, list(parameters))
        except duckdb.Error:
            if id(self.con) in _owned:
                # One failing rule must not abort the transaction of all the others.
                self.con.execute("ROLLBACK")
                self.con.execute("BEGIN TRANSACTION")
            raise
        self.description = self.con.description
        self.rows = self.con.fetchall() if self.description else []

    def fetchone(self) -> tuple[Any, ...] | None:
        return self.rows.pop(0) if self.rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        taken, self.rows = self.rows[:size], self.rows[size:]
        return taken

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.fetchmany(len(self.rows))

    def close(self) -> None:
        self.rows = []


class Connection:
    """A DBAPI connection that leaves transactions and closing to whoever lent it."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def cursor(self) -> Cursor:
        return Cursor(self.con)

    def commit(self) -> None:
        """Leave the transaction to its owner."""

    rollback = close = commit


class Preparer(IdentifierPreparer):
    """Quotes ``lake.wms`` as a catalog and a schema, which SQLAlchemy has one word for."""

    def quote_schema(self, schema: str, force: Any = None) -> str:
        return ".".join(self.quote_identifier(part) for part in schema.split("."))


class Dialect(DefaultDialect):
    """Just enough of a dialect to read: compile, connect, reflect."""

    name = NAME
    preparer = Preparer
    paramstyle = "qmark"
    default_paramstyle = "qmark"
    supports_statement_cache = True
    supports_native_boolean = True
    supports_native_decimal = True
    supports_sane_rowcount = False
    poolclass = SingletonThreadPool

    @classmethod
    def import_dbapi(cls) -> Any:
        return SimpleNamespace(
            connect=lambda host: Connection(_shared[host]),
            Error=duckdb.Error,
            paramstyle="qmark",
        )

    @classmethod
    def get_pool_class(cls, url: sa.URL) -> Any:
        return SingletonThreadPool

    def create_connect_args(self, url: sa.URL) -> Any:
        return [], {"host": url.host}

    def initialize(self, connection: sa.Connection) -> None:
        """Skip the questions that a server is asked on connecting."""

    def has_table(self, connection: Any, table_name: str, schema: Any = None, **kw: Any) -> bool:
        try:
            return bool(self.get_columns(connection, table_name, schema))
        except sa.exc.DBAPIError:
            return False

    def get_columns(
        self, connection: Any, table_name: str, schema: Any = None, **kw: Any
    ) -> list[Any]:
        parts = [*(schema.split(".") if schema else []), table_name]
        relation = ".".join(f'"{part}"' for part in parts)
        rows = connection.exec_driver_sql(f"DESCRIBE {relation}").fetchall()
        return [
            {"name": name, "type": _type(kind), "nullable": null == "YES", "default": None}
            for name, kind, null, *_ in rows
        ]

    def get_schema_names(self, connection: Any, **kw: Any) -> list[str]:
        rows = connection.exec_driver_sql("SELECT schema_name FROM duckdb_schemas()").fetchall()
        return [row[0] for row in rows]

    def get_pk_constraint(
        self, connection: Any, table_name: str, schema: Any = None, **kw: Any
    ) -> Any:
        return {"constrained_columns": [], "name": None}

    def get_table_names(self, connection: Any, schema: Any = None, **kw: Any) -> list[str]:
        return []

    get_view_names = get_table_names

    def get_foreign_keys(
        self, connection: Any, table_name: str, schema: Any = None, **kw: Any
    ) -> list[Any]:
        return []

    get_indexes = get_unique_constraints = get_check_constraints = get_foreign_keys


def _type(kind: str) -> Any:
    """Return SQLAlchemy's type of the same name, which GX's expectations of types compare."""
    return getattr(sa.types, kind.split("(")[0].split(" ")[0], sa.types.NullType)()
