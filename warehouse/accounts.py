"""The ledger as people read it: loads, their streams, batches and files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import duckdb

from warehouse.errors import WarehouseError
from warehouse.lake import Lake


@dataclass(frozen=True)
class Counts:
    """What became of units; `remainder` is what neither landed nor was held back: none, ever."""

    emitted: int
    loaded: int
    quarantined: int
    inserted: int
    updated: int
    duplicate: int
    superseded: int
    deleted: int
    bytes: int
    seconds: Decimal

    @property
    def remainder(self) -> int:
        """Units that are not accounted for."""
        return self.emitted - self.loaded - self.quarantined


@dataclass(frozen=True)
class Run(Counts):
    """A load of a source; `is_final` when it reached its end."""

    load_id: str
    source: str
    streams: int
    is_final: bool
    first_commit_at: datetime
    committed_at: datetime


@dataclass(frozen=True)
class Stream(Counts):
    """A stream's part of a load."""

    stream: str


@dataclass(frozen=True)
class Batch(Counts):
    """One commit of a load."""

    batch_id: str
    streams: int
    first_line: int | None
    last_line: int | None
    committed_at: datetime


@dataclass(frozen=True)
class File:
    """A Parquet file that a batch wrote; its path is relative to the lake's data."""

    path: str
    sha256: str
    bytes: int
    batch_id: str


_SUMS = ", ".join(
    f"sum({name})::BIGINT AS {name}"
    for name in (
        *("emitted", "loaded", "quarantined", "inserted", "updated"),
        *("duplicate", "superseded", "deleted", "bytes"),
    )
)
# The streams of a batch are committed together, and each row of them tells the batch's seconds.
_BATCHES = f"""SELECT load_id, source, batch_id, {_SUMS}, max(seconds) AS seconds,
    list(DISTINCT stream) FILTER (stream <> '') AS streams, bool_or(is_final) AS is_final,
    min(first_line) AS first_line, max(last_line) AS last_line, max(committed_at) AS committed_at
    FROM lake.hub.ledger WHERE $load_id IS NULL OR load_id = $load_id GROUP BY ALL"""  # noqa: S608


def runs(
    con: duckdb.DuckDBPyConnection, *, source: str | None = None, load_id: str | None = None
) -> list[Run]:
    """Return the loads, of one source or all, the newest first."""
    rows = con.execute(
        f"""SELECT {_SUMS}, sum(seconds) AS seconds, load_id, source,
            len(list_distinct(flatten(list(streams)))), bool_or(is_final),
            min(committed_at), max(committed_at)
        FROM ({_BATCHES}) WHERE $source IS NULL OR source = $source
        GROUP BY load_id, source ORDER BY max(committed_at) DESC, source""",  # noqa: S608
        {"source": source, "load_id": load_id},
    ).fetchall()
    return [Run(*row) for row in rows]


def streams(con: duckdb.DuckDBPyConnection, run: Run) -> list[Stream]:
    """Return a load's streams by name; seconds are those of the batches that a stream was in."""
    rows = con.execute(
        f"""SELECT {_SUMS}, sum(seconds), stream FROM lake.hub.ledger
        WHERE load_id = ? AND source = ? AND (stream <> '' OR emitted > 0)
        GROUP BY stream ORDER BY stream""",  # noqa: S608
        [run.load_id, run.source],
    ).fetchall()
    return [Stream(*row) for row in rows]


def batches(con: duckdb.DuckDBPyConnection, run: Run) -> list[Batch]:
    """Return a load's batches in the order of their commits."""
    rows = con.execute(
        f"""SELECT {", ".join(Counts.__dataclass_fields__)}, batch_id, coalesce(len(streams), 0),
            first_line, last_line, committed_at
        FROM ({_BATCHES}) WHERE source = $source ORDER BY committed_at, first_line""",  # noqa: S608
        {"load_id": run.load_id, "source": run.source},
    ).fetchall()
    return [Batch(*row) for row in rows]


def files(con: duckdb.DuckDBPyConnection, run: Run) -> list[File]:
    """Return the files that a load wrote, in order of path."""
    rows = con.execute(
        """SELECT path, sha256, bytes, batch_id FROM lake.hub.file WHERE batch_id IN
            (SELECT batch_id FROM lake.hub.ledger WHERE load_id = ? AND source = ?)
        ORDER BY path""",
        [run.load_id, run.source],
    ).fetchall()
    return [File(*row) for row in rows]


def find(con: duckdb.DuckDBPyConnection, named: str) -> list[Run]:
    """Return the runs of the one load that is named by its id or the start of it."""
    rows = con.execute(
        """SELECT DISTINCT load_id FROM lake.hub.ledger
        WHERE starts_with(load_id, $id) ORDER BY load_id = $id DESC, load_id DESC LIMIT 5""",
        {"id": named},
    ).fetchall()
    found = [str(row[0]) for row in rows]
    if not found:
        raise WarehouseError(f"There is no load {named[:120]!r}. `crossdock ledger` lists them.")
    if len(found) > 1 and found[0] != named:
        raise WarehouseError(f"{named!r} may mean: {', '.join(found)}. Give more of it.")
    return runs(con, load_id=found[0])


def states(lake: Lake, listed: Sequence[Run]) -> dict[str, str]:
    """Return of each load whether it ended, is running, or was interrupted."""
    busy = {source for source in {run.source for run in listed} if lake.loader(source)}
    newest = {run.source: run.load_id for run in sorted(listed, key=lambda run: run.committed_at)}
    found = {}
    for run in listed:
        is_running = run.source in busy and newest[run.source] == run.load_id
        unended = "running" if is_running else "interrupted"
        found[run.load_id] = "ended" if run.is_final else unended
    return found
