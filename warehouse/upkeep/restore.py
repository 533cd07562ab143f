"""Bring a lake back: from a backup, or what there is of it from the newest release."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb

from warehouse.catalogs.sqlite import SqliteCatalog
from warehouse.errors import LakeError
from warehouse.lake import Lake, Paths
from warehouse.upkeep import copying, retention
from warehouse.upkeep.backup import ACCOUNT, oversize, seals

Tell = Callable[[int, int], None]


def restore(lake: Lake, backup: Path, tell: Tell = lambda done, of: None) -> int:
    """Bring lake and releases back from a backup; return how many data files had to be copied.

    The lake is then as it was when the backup was made. What was loaded since is pulled again, for
    the sources' STATE is as old. Files that are whole stay, newer ones become orphans. Can be run
    again when it was killed. Raises LakeError when the folder holds no whole backup.
    """
    ours, theirs = lake.paths, Paths(backup)
    made_at(backup)
    if not theirs.catalog.exists():
        raise LakeError(f"There is no whole backup in {backup}: it has no {theirs.catalog.name}.")
    _refuse_server(lake)
    with lake.lock(purpose="restore a backup"):
        sealed = seals(theirs.catalog, theirs.data)
        copied = 0
        there = sorted(path for path in theirs.data.rglob("*") if path.is_file())
        for i, source in enumerate(there):
            tell(i, len(there))
            name = str(source.relative_to(theirs.data))
            copied += _bring(source, ours.data / name, sealed.get(name))
        for source in oversize(theirs).glob("*"):
            _bring(source, oversize(ours) / source.name, source.name)
        for source in theirs.releases.glob("r*/*"):
            _bring(source, ours.releases / source.relative_to(theirs.releases), None)
        _put_catalog(lake, theirs.catalog)
        if (pointer := theirs.releases / "current").exists():
            copying.write(ours.releases / "current", pointer.read_bytes())
    lake.create()
    return copied


def made_at(backup: Path) -> datetime:
    """Return when a backup was made; raise LakeError when the folder holds no whole one."""
    try:
        return datetime.fromisoformat(json.loads((backup / ACCOUNT).read_text("utf-8"))["made_at"])
    except (OSError, ValueError, KeyError):
        raise LakeError(f"There is no whole backup in {backup}: it has no {ACCOUNT}.") from None


def loads_since(lake: Lake, backup: Path) -> dict[str, int] | None:
    """Count the loads of each source that a restore takes away; None when that cannot be read."""
    since = made_at(backup)
    try:
        with lake.connect(read_only=True) as con:
            rows = con.execute(
                """SELECT source, count(DISTINCT load_id) FROM lake.hub.ledger
                WHERE committed_at > ? GROUP BY source""",
                [since],
            ).fetchall()
    except (LakeError, duckdb.Error, sqlite3.Error):
        return None
    return dict(rows)


def restore_release(lake: Lake) -> str:
    """Begin the lake anew from the newest whole release, when catalog and backup are lost.

    Only the canonical tables come back. The sources' rows, their STATE, the ledger and what was in
    quarantine do not: the next load pulls all that the sources still have. Returns the release's
    id. Raises LakeError when no release is whole, or when the lake has a catalog.
    """
    _refuse_server(lake)
    if lake.paths.catalog.exists():
        raise LakeError(
            f"There is a catalog at {lake.paths.catalog}, which knows more than a release. Move it "
            "away first if it is beyond repair, or restore a backup: `crossdock restore FOLDER`."
        )
    with lake.lock(purpose="restore a release"):
        for release in sorted(lake.paths.releases.glob("r*/"), reverse=True):
            try:
                needed = retention.referred(release)
            except (OSError, ValueError, KeyError, sqlite3.Error):
                continue
            if all((lake.paths.data / path).is_file() for path in needed):
                _put_catalog(lake, release / "catalog.sqlite")
                lake.create()
                return release.name
    raise LakeError(
        f"No release in {lake.paths.releases} is whole. Restore a backup, or move "
        f"{lake.paths.data} away to begin an empty lake."
    )


def _bring(source: Path, to: Path, digest: str | None) -> bool:
    """Copy a file unless it is there as it should be; say whether it was copied."""
    if copying.has(to, digest) if digest else _equal(source, to):
        return False
    copying.copy(source, to, digest)
    return True


def _equal(source: Path, to: Path) -> bool:
    return to.is_file() and to.read_bytes() == source.read_bytes()


def _put_catalog(lake: Lake, copy: Path) -> None:
    place = lake.paths.catalog
    aside = place.with_suffix(".restored")
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(copy, aside)
    # What waits in the old catalog's WAL would be written over the new one.
    for leftover in (place, *place.parent.glob(f"{place.name}-*")):
        leftover.unlink(missing_ok=True)
    aside.replace(place)


def _refuse_server(lake: Lake) -> None:
    if not isinstance(lake.catalog, SqliteCatalog):
        raise LakeError(
            f"The catalog is in {lake.catalog.where}. Restore that by PostgreSQL's own means "
            "(pg_restore), or unset CROSSDOCK_CATALOG to restore into a home with SQLite."
        )
