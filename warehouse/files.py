"""Record the SHA-256 of every data file, so that a flipped bit is seen and not read as data."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from warehouse import catalog

if TYPE_CHECKING:
    from warehouse.lake import Lake

# DuckLake names a file by a UUID of version 7, whose first 48 bits are the millisecond in which
# the file was begun (RFC 9562, section 5.7).
NAMED = re.compile(r"ducklake-([0-9a-f]{8})-([0-9a-f]{4})-7.*\.parquet")
# A shared folder takes its time from another machine's clock.
FOLDER_SLACK_S = 60.0
ROWS = pa.schema(
    [
        ("path", pa.string()),
        ("sha256", pa.string()),
        ("bytes", pa.int64()),
        ("batch_id", pa.string()),
        ("recorded_at", pa.timestamp("us", tz="UTC")),
    ]
)


@dataclass(frozen=True)
class Seal:
    """What a file was when it was written; `path` is relative to the lake's data folder."""

    path: str
    sha256: str
    bytes: int


def seal(con: duckdb.DuckDBPyConnection, lake: "Lake", batch_id: str | None, now: datetime) -> int:
    """Record the files that the caller's open transaction wrote, inside it; return how many.

    Call it last before COMMIT, with the lake's lock held since before BEGIN: DuckLake has data and
    delete files whole on disk when their statement ends, COMMIT writes none. Only folders that
    changed since BEGIN are listed and only names younger than it are read, so the cost follows
    what was written: no statement when that is nothing.
    """
    row = con.execute("SELECT now()").fetchone()  # when the transaction began
    since = row[0] if row else now
    sealed: set[str] = set()
    # Many seals are themselves a file, which the second round records.
    while new := [path for path in _begun_since(lake.paths.data, since) if path not in sealed]:
        write(con, [read(lake.paths.data, path) for path in new], batch_id, now)
        sealed.update(new)
    return len(sealed)


def seal_all(lake: "Lake", now: datetime) -> int:
    """Record the files of the catalog that no one has recorded, such as dbt's; return how many.

    Nothing is hashed twice. A file that is missing is left to `fsck`.
    """
    with lake.connect() as con:
        # Hashed before the lock is asked for: files never change, and others may commit meanwhile.
        seals = [
            read(lake.paths.data, path)
            for path in unsealed(con)
            if (lake.paths.data / path).is_file()
        ]
        if not seals:
            return 0
        with lake.lock(purpose="record data files"):
            con.execute("BEGIN")
            still = unsealed(con)
            write(con, [one for one in seals if one.path in still], None, now)
            own = seal(con, lake, None, now)
            con.execute("COMMIT")
    return len(seals) + own


def unsealed(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the paths of the catalog's files that are not recorded."""
    sealed = con.execute("SELECT path FROM lake.hub.file").fetchall()
    return catalog.of_lake(con).keys() - {row[0] for row in sealed}


def read(data: Path, path: str) -> Seal:
    """Hash a file of the data folder."""
    with (data / path).open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        return Seal(path, digest, os.fstat(file.fileno()).st_size)


def write(
    con: duckdb.DuckDBPyConnection, seals: Iterable[Seal], batch_id: str | None, now: datetime
) -> None:
    """Append seals inside the caller's transaction."""
    rows = [
        {"path": s.path, "sha256": s.sha256, "bytes": s.bytes, "batch_id": batch_id} for s in seals
    ]
    table = pa.Table.from_pylist([{**row, "recorded_at": now} for row in rows], schema=ROWS)
    con.register("new_seals", table)
    con.execute("INSERT INTO lake.hub.file BY NAME FROM new_seals")
    con.unregister("new_seals")


def _begun_since(data: Path, since: datetime) -> Iterator[str]:
    """Find the files of `<schema>/<table>/` that were begun since an instant."""
    earliest = int(since.timestamp() * 1000)
    for folder in data.glob("*/*"):
        if folder.stat().st_mtime < since.timestamp() - FOLDER_SLACK_S or not folder.is_dir():
            continue
        for path in folder.iterdir():
            found = NAMED.fullmatch(path.name)
            if found and int(found[1] + found[2], 16) >= earliest:
                yield str(path.relative_to(data))
