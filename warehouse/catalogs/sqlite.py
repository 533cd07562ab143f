"""A catalog in a SQLite file of the home: one machine, nothing to install."""

import contextlib
import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb

from warehouse import sql
from warehouse.catalogs import MARKER, file_lock
from warehouse.catalogs.orphaned import refuse_orphaned
from warehouse.errors import LakeError
from warehouse.session import open_duckdb

BUSY_TIMEOUT_MS = 30_000
HEADER = b"SQLite format 3\x00"


class SqliteCatalog:
    """`<folder>/catalog.sqlite`, with lock files beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "catalog.sqlite"
        self._data = folder / "data"

    @property
    def where(self) -> str:
        """The catalog's path."""
        return str(self._path)

    def prepare(self) -> None:
        """Create the catalog where there is none."""
        if self._path.exists():
            return
        self._refuse_elsewhere()
        refuse_orphaned(self._data, self.where)
        aside = self._path.with_suffix(".new")
        for leftover in self._folder.glob("catalog.new*"):
            leftover.unlink()
        with open_duckdb() as con:
            attach(con, aside, self._data, alias="lake", create=True)
            con.execute("DETACH lake")
        # The rename that follows moves one file: nothing may stay behind in the WAL.
        with contextlib.closing(sqlite3.connect(aside)) as catalog:
            catalog.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for leftover in self._folder.glob(f"{aside.name}-*"):
            leftover.unlink()
        aside.replace(self._path)

    def check(self) -> None:
        """Raise LakeError unless the file is there and begins as SQLite's do."""
        path = self._path
        if not path.exists():
            self._refuse_elsewhere()
            refuse_orphaned(self._data, self.where)
            raise LakeError(f"There is no lake at {path}. Make it with `crossdock run`.")
        with path.open("rb") as file:
            if file.read(len(HEADER)) != HEADER:
                raise LakeError(
                    f"The catalog {path} is no SQLite database ({path.stat().st_size} bytes): "
                    "it was cut or overwritten. Restore it from a backup."
                )

    def columns(self, schema: str) -> set[tuple[str, str]]:
        """Ask SQLite itself, which takes 1 ms; attaching the lake takes 0.3 s."""
        uri = f"{self._path.as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=60)) as catalog:
            rows = catalog.execute(COLUMNS.format(place="?"), [schema]).fetchall()
        return set(rows)

    def attach(
        self, con: duckdb.DuckDBPyConnection, *, alias: str, read_only: bool, at: int | None = None
    ) -> None:
        """Attach the catalog to `con`, as it was at a snapshot if one is given."""
        attach(con, self._path, self._data, alias=alias, read_only=read_only, at=at)

    def lock(
        self, name: str, *, timeout: float, purpose: str, is_reentrant: bool
    ) -> AbstractContextManager[None]:
        """Hold the lock file of this name."""
        return file_lock.hold(
            self._lock_file(name), timeout=timeout, purpose=purpose, is_reentrant=is_reentrant
        )

    def holder(self, name: str) -> str | None:
        """Say who holds the lock of this name now."""
        return file_lock.holder(self._lock_file(name))

    def commit(self, con: duckdb.DuckDBPyConnection, message: str = "") -> None:
        """Commit; SQLite's answer is its own process's, so it cannot be lost."""
        try:
            if message:
                con.execute("CALL lake.set_commit_message('crossdock', $1)", [message])
            con.execute("COMMIT")
        except duckdb.Error as error:
            with contextlib.suppress(duckdb.Error):
                con.execute("ROLLBACK")
            raise LakeError(
                f"The transaction could not be committed ({type(error).__name__}); the lake is as "
                "it was before. Look at disk space and at who else writes, and run again."
            ) from None  # DuckLake quotes its statement, and rows are in that

    def recover(self) -> None:
        """SQLite undoes by itself what a process that died had begun."""

    def environment(self) -> dict[str, str]:
        """Return the variables by which the dbt project's profile finds the catalog."""
        return {"CROSSDOCK_DBT_TARGET": "lake"}

    def copy(self, path: Path, schemas: frozenset[str] | None) -> None:
        """Copy the whole catalog as one consistent state, in the rollback journal mode."""
        source = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        target = sqlite3.connect(path)
        with contextlib.closing(source), contextlib.closing(target):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")

    def _lock_file(self, name: str) -> Path:
        return self._folder / f"{name}.lock"

    def _refuse_elsewhere(self) -> None:
        if (self._folder / MARKER).exists():
            raise LakeError(
                f"The catalog of the lake in {self._folder} is in PostgreSQL. Set "
                f"CROSSDOCK_CATALOG to its URL, which {self._folder / MARKER} names."
            )


# The hub's own tables, asked of the catalog's tables without DuckLake.
COLUMNS = """
    SELECT t.table_name, c.column_name FROM ducklake_table AS t
    JOIN ducklake_schema AS s USING (schema_id) JOIN ducklake_column AS c USING (table_id)
    WHERE s.schema_name = {place} AND t.end_snapshot IS NULL AND c.end_snapshot IS NULL"""


def attach(
    con: duckdb.DuckDBPyConnection,
    catalog: Path,
    data: Path,
    *,
    alias: str,
    read_only: bool = False,
    create: bool = False,
    at: int | None = None,
) -> None:
    """Attach a SQLite catalog; the data path is ours, so that a home can be moved."""
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
    if at is not None:
        options.append(f"SNAPSHOT_VERSION {at:d}")
    con.execute(
        f"ATTACH {sql.text(f'ducklake:sqlite:{catalog}')} AS {sql.name(alias)} "
        f"({', '.join(options)})"
    )
    # With several threads every read of the catalog opens the file once more, and DuckLake reads it
    # three times or so a query: the demo's 53 canonical tables were read in 1.5 s, so in 0.7 s.
    con.execute("SET GLOBAL sqlite_disable_multithreaded_scans = true")
