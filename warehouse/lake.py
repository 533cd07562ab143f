"""The lake: DuckLake over a catalog; how to create it, open it, lock it, write to it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse import catalogs, hub, sql
from warehouse.catalogs.sqlite import attach
from warehouse.errors import LakeError
from warehouse.session import open_duckdb

__all__ = ["Lake", "Paths", "attach", "open_duckdb"]
WRITE = "write"


@dataclass(frozen=True)
class Paths:
    """Where a home keeps its lake and its releases."""

    home: Path

    @property
    def catalog(self) -> Path:
        """The writers' SQLite catalog."""
        return self.home / "lake" / "catalog.sqlite"

    @property
    def data(self) -> Path:
        """The folder of Parquet files."""
        return self.home / "lake" / "data"

    @property
    def lock(self) -> Path:
        """The file that writers lock around each commit."""
        return self.home / "lake" / "write.lock"

    @property
    def oversize(self) -> Path:
        """The folder of lines that were too long, whole, each named by its SHA-256."""
        return self.home / "lake" / "oversize"

    @property
    def releases(self) -> Path:
        """The folder of published releases."""
        return self.home / "releases"


class Lake:
    """One lake under a home folder (`CROSSDOCK_HOME`).

    catalog: URL of the PostgreSQL database that holds its catalog; else that of
    `CROSSDOCK_CATALOG`; where neither is set, a SQLite file in the home does.
    """

    def __init__(self, home: Path | str, catalog: str | None = None) -> None:
        self.paths = Paths(Path(home).resolve())
        url = os.environ.get("CROSSDOCK_CATALOG") if catalog is None else catalog
        self.catalog = catalogs.choose(self.paths.data.parent, url)

    def __repr__(self) -> str:
        return f"Lake({str(self.paths.home)!r}, {self.catalog.where!r})"

    def create(self) -> "Lake":
        """Create the lake and its `hub` schema unless they are there; safe to call at any time.

        Raises LakeError when a catalog is lost or damaged beside data that it should describe.
        """
        self.paths.data.mkdir(parents=True, exist_ok=True)
        with self.lock(purpose="create the lake"):
            self.catalog.prepare()
            self.catalog.check()
            self.catalog.recover()
            wanted = {(table, name) for table, names in hub.TABLES.items() for name in names}
            if not self.catalog.columns("hub") >= wanted:
                with self.connect() as con:
                    hub.create(con)
        return self

    def connect(
        self, *, read_only: bool = False, at: int | None = None
    ) -> duckdb.DuckDBPyConnection:
        """Open the lake as catalog `lake` of a new in-memory DuckDB in UTC.

        at: a snapshot; the lake is then as it was at it, and can only be read.
        The connection belongs to one thread. Raises LakeError when there is no sound catalog.
        """
        self.catalog.check()
        self.catalog.recover()
        con = open_duckdb()
        try:
            self.catalog.attach(con, alias="lake", read_only=read_only or at is not None, at=at)
        except BaseException:
            con.close()
            raise
        return con

    def commit(self, con: duckdb.DuckDBPyConnection, message: str = "") -> None:
        """Commit the open transaction of `con`, which `connect` gave, in place of its COMMIT.

        message: of the snapshot that it makes, for who asks later what was done.
        Call it with the lock held since before BEGIN. Returns once the transaction is in the lake,
        also when the reply to COMMIT was lost. Raises LakeError when nothing of it is there; or
        when a catalog out of reach leaves that open, which the next `create` settles.
        """
        self.catalog.commit(con, message)

    @contextmanager
    def lock(self, timeout: float = 600, purpose: str = "write") -> Iterator[None]:
        """Hold the writers' lock: around every commit and around the whole of a dbt run.

        Who holds it may take it again in the same thread. timeout: seconds to wait; then LakeError
        says who holds it.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(
                    self.catalog.lock(WRITE, timeout=timeout, purpose=purpose, is_reentrant=True)
                )
            except catalogs.LockBusy as busy:
                raise LakeError(
                    f"Waited {timeout:g} s for the lake's lock to {purpose}; held by "
                    f"{busy.holder}. Wait for it to end, or end it, and run again. "
                    f"Lock: {busy.place}"
                ) from busy
            yield

    @contextmanager
    def lock_source(self, source: str, timeout: float = 600) -> Iterator[None]:
        """Let one load of a source run at a time, so that its state cannot be overtaken.

        timeout: seconds to wait; then LakeError says who loads. Not re-entrant.
        """
        name, purpose = f"source-{source}", f"load {source}"
        with ExitStack() as stack:
            try:
                stack.enter_context(
                    self.catalog.lock(name, timeout=timeout, purpose=purpose, is_reentrant=False)
                )
            except catalogs.LockBusy as busy:
                raise LakeError(
                    f"Another load of '{source}' is running ({busy.holder}); waited "
                    f"{timeout:g} s. Run again once it has ended. Lock: {busy.place}"
                ) from busy
            yield

    def loader(self, source: str) -> str | None:
        """Say who loads a source now; None when nobody does."""
        return self.catalog.holder(f"source-{source}")

    def append(self, table: str, rows: pa.Table) -> None:
        """Append `rows` to `table` ('schema.table') by column name, in one transaction.

        Schema, table and columns that are missing are made from the types of `rows`.
        """
        self.replace(table, rows, where={})

    def replace(self, table: str, rows: pa.Table, where: Mapping[str, str | int]) -> None:
        """Put `rows` in the place of those rows of `table` that equal `where`; idempotent.

        where: column to value; all must be equal. Empty deletes nothing.
        """
        schema, _, bare = table.partition(".")
        if not bare or "." in bare:
            raise LakeError(f"A table is named 'schema.table', not {table!r}.")
        target = sql.name("lake", schema, bare)
        with self.lock(purpose=f"write {table}"), self.connect() as con:
            con.register("rows", rows)
            con.execute("BEGIN")
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {sql.name('lake', schema)}")
            con.execute(f"CREATE TABLE IF NOT EXISTS {target} AS FROM rows LIMIT 0")
            _add_missing_columns(con, target)
            if where:
                same = " AND ".join(f"{sql.name(column)} = ?" for column in where)
                con.execute(f"DELETE FROM {target} WHERE {same}", list(where.values()))  # noqa: S608
            con.execute(f"INSERT INTO {target} BY NAME FROM rows")
            self.commit(con)


def _add_missing_columns(con: duckdb.DuckDBPyConnection, target: str) -> None:
    described = con.execute(f"DESCRIBE {target}").fetchall()
    has = {row[0].lower() for row in described}
    for column, kind, *_ in con.execute("DESCRIBE rows").fetchall():
        if column.lower() not in has:
            con.execute(f"ALTER TABLE {target} ADD COLUMN {sql.name(column)} {kind}")
