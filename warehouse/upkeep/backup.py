"""Copy a lake and its releases to another folder while loads go on.

A data file never changes, so a consistent copy of the catalog, and afterwards the files that it
refers to, are a consistent copy of the lake: upkeep deletes no file within a day of its last use.
"""

import json
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from warehouse import catalog, files
from warehouse.catalogs.sqlite import attach
from warehouse.errors import LakeError
from warehouse.lake import Lake, Paths
from warehouse.session import open_duckdb
from warehouse.upkeep import copying, retention

ACCOUNT = "backup.json"
Tell = Callable[[int, int], None]


def backup(lake: Lake, to: Path, now: datetime, tell: Tell = lambda done, of: None) -> int:
    """Copy the lake and its releases to a folder; return how many data files were copied.

    A folder with an older backup gets what is new, and keeps its old state until the new one is
    whole. Every file copied is held against its SHA-256: raises LakeError at the first that
    differs, and for a folder inside the home. tell: gets the files done and those to do.
    """
    if to.resolve().is_relative_to(lake.paths.home):
        raise LakeError(
            f"{to} is inside the home {lake.paths.home}: what loses one loses the other. Name a "
            "folder elsewhere, best on another disk."
        )
    ours, theirs, copied = lake.paths, Paths(to), 0
    with tempfile.TemporaryDirectory(prefix="crossdock-backup-") as aside:
        copy = Path(aside) / "catalog.sqlite"
        with lake.lock(purpose="copy the catalog"):
            files.seal_all(lake, now)
            lake.catalog.copy(copy, None)
            pointer = ours.releases / "current"
            current = pointer.read_bytes() if pointer.exists() else None
            needed = sorted(_referred(copy) | retention.needed(lake))
            releases = [path for path in ours.releases.glob("r*/*") if path.is_file()]
        sealed = seals(copy, ours.data)
        for i, path in enumerate(needed):
            tell(i, len(needed))
            if not copying.is_same(ours.data / path, theirs.data / path):
                copying.copy(ours.data / path, theirs.data / path, sealed.get(path))
                copied += 1
        for source in oversize(ours).glob("*"):
            target = oversize(theirs) / source.name
            if not copying.is_same(source, target):
                copying.copy(source, target, source.name)
        for source in releases:
            target = theirs.releases / source.relative_to(ours.releases)
            if not copying.is_same(source, target):
                copying.copy(source, target, None)
        copying.copy(copy, theirs.catalog, None)
    if current is not None:
        copying.write(theirs.releases / "current", current)
    account = {"made_at": now.isoformat(), "files": len(needed), "releases": len(releases)}
    copying.write(to / ACCOUNT, json.dumps(account, indent=1).encode())
    return copied


def seals(copy: Path, data: Path) -> dict[str, str]:
    """Return the SHA-256 that a catalog's copy records of each data file."""
    with open_duckdb() as con:
        attach(con, copy, data, alias="lake", read_only=True)
        rows = con.execute("SELECT path, sha256 FROM lake.hub.file ORDER BY recorded_at").fetchall()
    return dict(rows)


def oversize(paths: Paths) -> Path:
    """Return the folder of the lines that were too large for a row."""
    return paths.data.with_name("oversize")


def _referred(copy: Path) -> set[str]:
    with closing(sqlite3.connect(copy)) as con:
        return set(catalog.of_copy(con))
