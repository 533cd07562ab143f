"""Commit so that a reply that never comes costs no file.

When the reply to COMMIT is lost, DuckLake takes the transaction for failed and deletes the files
that it wrote, also when PostgreSQL committed them. So each file gets a second name before COMMIT,
under `<lake>/guard/<mark>/`, and afterwards the catalog says whether it is needed. DuckLake has
its files whole on disk when their statement ends and writes none at COMMIT.
"""

import contextlib
import logging
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
from filelock import FileLock, Timeout

from warehouse.catalogs import advisory
from warehouse.catalogs.location import Location
from warehouse.errors import LakeError

log = logging.getLogger(__name__)
FOLDER = "guard"
# DuckLake names a file by a UUID of version 7: its first 48 bits are the millisecond in which it
# was begun, by this machine's clock (RFC 9562, section 5.7). A folder's time is no help: that of a
# shared folder comes from another machine's clock.
NAMED = re.compile(r"ducklake-([0-9a-f]{8})-([0-9a-f]{4})-7.*")
# The clock may be set back a little while a transaction is open; a name too many does no harm.
SLACK_MS = 10_000
PATIENCE_S = 60.0
PAUSE_S = 0.2
# A path is relative to its table's folder, or below it where the table is partitioned.
SPOKEN_OF = r"""
    SELECT regexp_replace(path, '^.*/', '') FROM ducklake_data_file
    UNION ALL SELECT regexp_replace(path, '^.*/', '') FROM ducklake_delete_file"""


class Guard:
    """Keeps the files of one transaction until it is known whether it was committed."""

    def __init__(self, folder: Path, location: Location, session: str) -> None:
        self._location, self._data = location, folder / "data"
        self._mark = f"{session}.{uuid.uuid4().hex[:8]}"
        self._kept = folder / FOLDER / self._mark

    def commit(self, con: duckdb.DuckDBPyConnection, message: str = "") -> None:
        """Commit the open transaction of `con`; see `Lake.commit`."""
        try:
            advisory.require(self._location)
            con.execute(
                "CALL lake.set_commit_message('crossdock', $1, extra_info => $2)",
                [message, self._mark],
            )
            files = written(con, self._data)
        except BaseException as error:
            _roll_back(con)
            if isinstance(error, duckdb.Error):
                raise _as_before(error) from None
            raise
        if not files:
            self._commit(con)
            return
        with _owned(self._kept):
            try:
                for path in files:
                    _keep(path, self._kept / path.relative_to(self._data))
            except OSError as error:
                _roll_back(con)
                shutil.rmtree(self._kept, ignore_errors=True)
                raise LakeError(
                    f"The files of a transaction cannot be kept in {self._kept.parent} "
                    f"({error.strerror}); the lake is as it was before."
                ) from error
            self._commit(con)
            shutil.rmtree(self._kept, ignore_errors=True)

    def _commit(self, con: duckdb.DuckDBPyConnection) -> None:
        try:
            con.execute("COMMIT")
        except duckdb.Error as error:
            _roll_back(con)
            self._settle(error)

    def _settle(self, error: duckdb.Error) -> None:
        """Return when the transaction is in the lake, whole; else raise LakeError."""
        try:
            landed = settle(self._location, self._kept, self._data)
        except LakeError as unknown:
            raise LakeError(
                f"It is not known whether the transaction was committed: {unknown} Its files are "
                "kept, and the next run settles it."
            ) from None
        if landed:
            log.warning("The reply to COMMIT was lost; the transaction is in the lake.")
            return
        shutil.rmtree(self._kept, ignore_errors=True)
        raise _as_before(error) from None


def _as_before(error: duckdb.Error) -> LakeError:
    """Say it without the error's own words: DuckLake quotes its statement, and rows are in that."""
    return LakeError(
        f"The transaction could not be committed ({type(error).__name__}); the lake is as it was "
        "before. Look whether the catalog's server can be reached, and run again."
    )


def settle(location: Location, kept: Path, data: Path) -> bool:
    """Put back the files of a guarded transaction that the catalog speaks of.

    Returns whether the transaction was committed. Raises LakeError when the catalog cannot be
    asked for a minute.
    """
    session, _, _ = kept.name.partition(".")
    with _patiently(location) as asking:
        try:
            # What was sent may still be on its way: only when its session is gone is the answer
            # final.
            _end(asking, session)
            found = asking.execute(
                "SELECT 1 FROM ducklake_snapshot_changes WHERE commit_extra_info = %s", [kept.name]
            ).fetchone()
            spoken_of = {row[0] for row in asking.execute(SPOKEN_OF).fetchall()}
        except psycopg.Error as error:
            raise LakeError(location.unreachable(error)) from None
    for path in sorted(kept.rglob("*")):
        original = data / path.relative_to(kept)
        if path.is_file() and path.name in spoken_of and not original.exists():
            _keep(path, original)
    return found is not None


def recover(folder: Path, location: Location) -> None:
    """Settle what processes that died left under guard; leave alone what a living one guards."""
    left = sorted(path.with_suffix("") for path in (folder / FOLDER).glob("*.lock"))
    for kept in left:
        with contextlib.suppress(Timeout), _owned(kept):
            if kept.is_dir():
                settle(location, kept, folder / "data")
                shutil.rmtree(kept, ignore_errors=True)


def written(con: duckdb.DuckDBPyConnection, data: Path) -> list[Path]:
    """Return the files that were begun since the open transaction of `con`."""
    row = con.execute("SELECT epoch_ms(now())").fetchone()
    earliest = (row[0] if row else 0) - SLACK_MS
    return [path for path in _files(data) if _begun_ms(path) >= earliest]


def _roll_back(con: duckdb.DuckDBPyConnection) -> None:
    with contextlib.suppress(duckdb.Error):
        con.execute("ROLLBACK")


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            yield Path(parent, name)


def _begun_ms(path: Path) -> int:
    found = NAMED.fullmatch(path.name)
    return int(found[1] + found[2], 16) if found else int(path.stat().st_mtime * 1000)


@contextlib.contextmanager
def _owned(kept: Path) -> Iterator[None]:
    """Hold a guard, so that nobody else settles it while its process lives; else raise Timeout."""
    kept.parent.mkdir(exist_ok=True)
    lock = FileLock(kept.with_name(f"{kept.name}.lock"), timeout=0, fallback_to_soft=False)
    with lock:
        try:
            yield
        finally:
            if not kept.exists():
                Path(lock.lock_file).unlink(missing_ok=True)


def _keep(path: Path, also: Path) -> None:
    """Give a file a second name; where the file system has no hard links, copy it."""
    also.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        try:
            os.link(path, also)
        except FileExistsError:
            raise
        except OSError:
            aside = also.with_name(f".{also.name}")
            shutil.copyfile(path, aside)
            aside.replace(also)


@contextlib.contextmanager
def _patiently(location: Location) -> Iterator[psycopg.Connection]:
    """Open a session, trying for a minute: a server may be on its way back."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            session = location.connect("crossdock settle")
            break
        except LakeError:
            if time.monotonic() > until:
                raise
            time.sleep(PAUSE_S)
    with session:
        yield session


def _end(asking: psycopg.Connection, session: str) -> None:
    """End the server's side of a session and wait until it is gone."""
    until = time.monotonic() + PATIENCE_S
    while asking.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
        [session],
    ).fetchall():
        if time.monotonic() > until:
            raise LakeError("the catalog's server does not end the session that committed.")
        time.sleep(0.01)
