"""Forget old snapshots, and delete the files that neither the lake nor a release refers to.

DuckLake's own clean-up knows nothing of releases, which read the same files, so it only schedules;
what is deleted is decided here. Every step can be killed and run again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from warehouse import catalog, files
from warehouse.catalog import METADATA
from warehouse.lake import Lake
from warehouse.upkeep import retention


@dataclass(frozen=True)
class Swept:
    """What was deleted: files that no snapshot needs any more, and files that none ever did."""

    scheduled: int
    orphans: int
    bytes: int


def expire(lake: Lake, con: duckdb.DuckDBPyConnection, older_than: datetime) -> int:
    """Forget the snapshots that were succeeded before an instant; return how many.

    Not those that were made before it: however old the newest one is, somebody may have begun to
    read it right before the next.
    """
    with lake.lock(purpose="expire snapshots"):
        rows = con.execute(
            """SELECT snapshot_id FROM (SELECT snapshot_id,
                lead(snapshot_time) OVER (ORDER BY snapshot_id) AS succeeded
                FROM ducklake_snapshots('lake')) WHERE succeeded < $1""",
            [older_than],
        ).fetchall()
        if rows:
            con.execute("BEGIN")
            versions = [row[0] for row in rows]
            con.execute(
                "CALL ducklake_expire_snapshots('lake', versions => $1::BIGINT[])", [versions]
            ).fetchall()
            lake.commit(con)
    return len(rows)


def sweep(lake: Lake, con: duckdb.DuckDBPyConnection, now: datetime, grace: timedelta) -> Swept:
    """Delete the files that nobody refers to, and the seals of files that are gone.

    grace: how long a file stays after it was scheduled or begun: somebody may have opened the lake
    when the file still counted. Raises ReleaseError when a release cannot say what it needs.
    """
    data = lake.paths.data
    with lake.lock(purpose="delete old files"):
        kept = catalog.of_lake(con).keys() | retention.needed(lake)
        waiting = scheduled(con)
        due = {p for p, since in waiting.items() if since < now - grace} - kept
        orphans = {
            path
            for path in on_disk(data)
            if path not in kept | waiting.keys() and begun_at(data / path) < now - grace
        }
        freed = sum(_delete(data / path) for path in sorted(due | orphans))
        _forget(lake, con, due, kept)
    return Swept(len(due), len(orphans), freed)


def on_disk(data: Path) -> Iterator[str]:
    """Find every file under the data folder, relative to it."""
    return (str(path.relative_to(data)) for path in data.rglob("*") if path.is_file())


def begun_at(path: Path) -> datetime:
    """Return when a file was written, as far as its name or its folder tell."""
    found = files.NAMED.fullmatch(path.name)
    seconds = int(found[1] + found[2], 16) / 1000 if found else path.stat().st_mtime
    return datetime.fromtimestamp(seconds, UTC)


def scheduled(con: duckdb.DuckDBPyConnection) -> dict[str, datetime]:
    """Return the files that DuckLake no longer needs, each with the instant since when."""
    rows = con.execute(
        f"""SELECT path, schedule_start::TIMESTAMPTZ
        FROM {METADATA}ducklake_files_scheduled_for_deletion WHERE path_is_relative"""  # noqa: S608
    ).fetchall()
    return {path: since.astimezone(UTC) for path, since in rows}


def _delete(path: Path) -> int:
    try:
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0  # a sweep that was killed had deleted it
    return size


def _forget(lake: Lake, con: duckdb.DuckDBPyConnection, deleted: set[str], kept: set[str]) -> None:
    """Take deleted files from DuckLake's list, and the seals of all files that are gone."""
    if deleted:
        con.execute(
            f"DELETE FROM {METADATA}ducklake_files_scheduled_for_deletion"  # noqa: S608
            " WHERE list_contains($1, path)",
            [sorted(deleted)],
        )
    sealed = {row[0] for row in con.execute("SELECT path FROM lake.hub.file").fetchall()}
    gone = sealed - kept - set(on_disk(lake.paths.data))
    if gone:
        con.execute("BEGIN")
        con.execute("DELETE FROM lake.hub.file WHERE list_contains($1, path)", [sorted(gone)])
        files.seal(con, lake, None, datetime.now(UTC))
        lake.commit(con)
