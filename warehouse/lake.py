"""The lake: DuckLake with a SQLite catalog; how to create it, open it, lock it, write to it."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
from filelock import FileLock, Timeout

from warehouse import extensions, hub, sql
from warehouse.errors import LakeError

BUSY_TIMEOUT_MS = 30_000
SQLITE_HEADER = b"SQLite format 3\x00"


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
    def releases(self) -> Path:
        """The folder of published releases."""
        return self.home / "releases"


class Lake:
    """One lake under a home folder (`CROSSDOCK_HOME`)."""

    def __init__(self, home: Path | str) -> None:
        self.paths = Paths(Path(home).resolve())
        # Re-entrant within a thread (a caller may hold it around a whole dbt run and append),
        # exclusive between threads and processes.
        self._lock: FileLock | None = None

    def __repr__(self) -> str:
        return f"Lake({str(self.paths.home)!r})"

    def create(self) -> "Lake":
        """Create the lake and its `hub` schema unless they are there; safe to call at any time.

        Raises LakeError when a catalog is lost or damaged beside data that it should describe.
        """
        paths = self.paths
        paths.data.mkdir(parents=True, exist_ok=True)
        with self.lock(purpose="create the lake"):
            if not paths.catalog.exists():
                self._refuse_orphaned_data()
                aside = paths.catalog.with_suffix(".new")
                for leftover in paths.catalog.parent.glob("catalog.new*"):
                    leftover.unlink()
                self._make_catalog(aside)
                aside.replace(paths.catalog)
            if not self._has_hub():
                with self.connect() as con:
                    hub.create(con)
        return self

    def connect(self, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
        """Open the lake as catalog `lake` of a new in-memory DuckDB in UTC.

        The connection belongs to one thread. Raises LakeError when there is no sound catalog.
        """
        self._check_catalog()
        con = open_duckdb()
        attach(con, self.paths.catalog, self.paths.data, alias="lake", read_only=read_only)
        return con

    @contextmanager
    def lock(self, timeout: float = 600, purpose: str = "write") -> Iterator[None]:
        """Hold the writers' lock: around every commit and around the whole of a dbt run.

        timeout: seconds to wait; then LakeError says who holds it.
        """
        path = self.paths.lock
        path.parent.mkdir(parents=True, exist_ok=True)
        if self._lock is None:
            self._lock = FileLock(path, is_singleton=True, fallback_to_soft=False)
        holder = path.with_suffix(".holder")
        try:
            self._lock.acquire(timeout=timeout)
        except Timeout as error:
            raise LakeError(
                f"Waited {timeout:g} s for the lake's lock to {purpose}; held by {_said(holder)}. "
                f"Wait for it to end, or end it, and run again. Lock: {path}"
            ) from error
        try:
            if self._lock.lock_counter == 1:
                holder.write_text(f"process {os.getpid()} ({purpose})\n", "utf-8")
            yield
        finally:
            self._lock.release()

    @contextmanager
    def lock_source(self, source: str, timeout: float = 600) -> Iterator[None]:
        """Let one load of a source run at a time, so that its state cannot be overtaken.

        timeout: seconds to wait; then LakeError says who loads. Not re-entrant.
        """
        path = self.paths.lock.with_name(f"source-{source}.lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        lock, holder = FileLock(path, fallback_to_soft=False), path.with_suffix(".holder")
        try:
            lock.acquire(timeout=timeout)
        except Timeout as error:
            raise LakeError(
                f"Another load of '{source}' is running ({_said(holder)}); waited {timeout:g} s. "
                f"Run again once it has ended. Lock: {path}"
            ) from error
        try:
            holder.write_text(f"process {os.getpid()}\n", "utf-8")
            yield
        finally:
            lock.release()

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
            con.execute("COMMIT")

    def _has_hub(self) -> bool:
        """Ask SQLite itself, which takes 1 ms; attaching the lake takes 0.3 s."""
        self._check_catalog()
        uri = f"{self.paths.catalog.as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=60)) as catalog:
            rows = catalog.execute(
                "SELECT t.table_name, c.column_name FROM ducklake_table AS t"
                " JOIN ducklake_schema AS s USING (schema_id) JOIN ducklake_column AS c"
                " USING (table_id) WHERE s.schema_name = 'hub'"
                " AND t.end_snapshot IS NULL AND c.end_snapshot IS NULL"
            ).fetchall()
        return set(rows) >= {(table, name) for table, names in hub.TABLES.items() for name in names}

    def _make_catalog(self, path: Path) -> None:
        with open_duckdb() as con:
            attach(con, path, self.paths.data, alias="lake", create=True)
            con.execute("DETACH lake")
        # The rename that follows moves one file: nothing may stay behind in the WAL.
        with sqlite3.connect(path) as catalog:
            catalog.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        catalog.close()
        for leftover in path.parent.glob(f"{path.name}-*"):
            leftover.unlink()

    def _refuse_orphaned_data(self) -> None:
        if any(self.paths.data.rglob("*.parquet")):
            raise LakeError(
                f"The catalog {self.paths.catalog} is missing, but {self.paths.data} holds data "
                "that only it can describe. Restore the catalog from a backup (or from the newest "
                "release), or move the data away to begin an empty lake."
            )

    def _check_catalog(self) -> None:
        path = self.paths.catalog
        if not path.exists():
            self._refuse_orphaned_data()
            raise LakeError(f"There is no lake at {path}. Make it with `crossdock run`.")
        with path.open("rb") as file:
            if file.read(len(SQLITE_HEADER)) != SQLITE_HEADER:
                raise LakeError(
                    f"The catalog {path} is no SQLite database ({path.stat().st_size} bytes): "
                    "it was cut or overwritten. Restore it from a backup."
                )


def open_duckdb(*, is_trusted: bool = True) -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB that works offline and in UTC.

    is_trusted: whether only our own statements run on it; then the extensions, whose wheels are
    held by hash in the lock file, are not verified again, which takes 0.27 s a connection.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "extension_directory": str(extensions.directory())
    }
    if is_trusted:
        config["allow_unsigned_extensions"] = "true"
    con = duckdb.connect(config=config)
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")
    return con


def attach(
    con: duckdb.DuckDBPyConnection,
    catalog: Path,
    data: Path,
    *,
    alias: str,
    read_only: bool = False,
    create: bool = False,
) -> None:
    """Attach a DuckLake catalog; the data path is ours, so that a home can be moved."""
    options = [
        f"DATA_PATH {sql.text(f'{data}/')}",
        "OVERRIDE_DATA_PATH true",
        f"META_BUSY_TIMEOUT {BUSY_TIMEOUT_MS}",
    ]
    if read_only:
        options.append("READ_ONLY")
    else:
        options.append("META_JOURNAL_MODE 'WAL'")
    if not create:
        # Otherwise a catalog of 0 bytes opens as a new and empty lake.
        options.append("CREATE_IF_NOT_EXISTS false")
    con.execute(
        f"ATTACH {sql.text(f'ducklake:sqlite:{catalog}')} AS {sql.name(alias)} "
        f"({', '.join(options)})"
    )


def _said(holder: Path) -> str:
    """Return what the holder of a lock wrote about itself."""
    try:
        return holder.read_text("utf-8").strip() or "another process"
    except OSError:
        return "another process"


def _add_missing_columns(con: duckdb.DuckDBPyConnection, target: str) -> None:
    described = con.execute(f"DESCRIBE {target}").fetchall()
    has = {row[0].lower() for row in described}
    for column, kind, *_ in con.execute("DESCRIBE rows").fetchall():
        if column.lower() not in has:
            con.execute(f"ALTER TABLE {target} ADD COLUMN {sql.name(column)} {kind}")
