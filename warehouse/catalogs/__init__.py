"""Where a lake's catalog lives: in a SQLite file of its home, or in a PostgreSQL database."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import duckdb

MARKER = "catalog.json"


class LockBusy(Exception):
    """A lock was not to be had in time; `holder` says who has it, `place` where it is."""

    def __init__(self, holder: str, place: str) -> None:
        super().__init__(holder)
        self.holder, self.place = holder, place


class Catalog(Protocol):
    """What a lake asks of its catalog, wherever that lives."""

    @property
    def where(self) -> str:
        """The place, as a person and a log may read it: without any password."""

    def prepare(self) -> None:
        """Create the catalog where there is none; the caller holds the lock 'write'.

        Raises LakeError when the catalog is lost beside its data, or is another lake's.
        """

    def check(self) -> None:
        """Raise LakeError unless this home's catalog is there and sound as far as a look tells."""

    def columns(self, schema: str) -> set[tuple[str, str]]:
        """Return the (table, column) pairs of a schema, faster than by attaching the lake."""

    def attach(
        self, con: duckdb.DuckDBPyConnection, *, alias: str, read_only: bool, at: int | None = None
    ) -> None:
        """Attach the catalog to `con`; the data path is the home's, so that it can be moved."""

    def lock(
        self, name: str, *, timeout: float, purpose: str, is_reentrant: bool
    ) -> AbstractContextManager[None]:
        """Hold a named lock; raise LockBusy after `timeout` seconds."""

    def holder(self, name: str) -> str | None:
        """Say who holds a named lock now; None when nobody does."""

    def commit(self, con: duckdb.DuckDBPyConnection, message: str = "") -> None:
        """Commit the open transaction of `con`; raise LakeError when nothing of it is there."""

    def recover(self) -> None:
        """Settle what processes that died in the middle of a commit left behind."""

    def environment(self) -> dict[str, str]:
        """Return the variables by which the dbt project's profile finds the catalog."""

    def copy(self, path: Path, schemas: frozenset[str] | None) -> None:
        """Copy the catalog, one consistent state of it, into a new SQLite catalog at `path`.

        schemas: those whose content readers will ask for; that of others may be left out.
        """


def choose(folder: Path, url: str | None) -> Catalog:
    """Return the catalog of the lake in `folder`: PostgreSQL at `url`, or SQLite when None.

    Raises LakeError when `url` is none that can be used.
    """
    if url:
        # psycopg takes 0.1 s to import, which a lake with a SQLite catalog need not pay.
        from warehouse.catalogs.postgres import PostgresCatalog

        return PostgresCatalog(folder, url)
    from warehouse.catalogs.sqlite import SqliteCatalog

    return SqliteCatalog(folder)
