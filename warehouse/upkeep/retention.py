"""Which releases are kept, and which data files they need: DuckLake knows nothing of either."""

import contextlib
import json
import shutil
import sqlite3
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from warehouse import catalog
from warehouse.errors import ReleaseError
from warehouse.lake import Lake
from warehouse.releases import Releases

ASIDE = ".expired-"


def needed(lake: Lake) -> set[str]:
    """Return the files, relative to the data folder, that the releases on disk refer to.

    Raises ReleaseError when one is damaged: nobody can say then what it needs.
    """
    paths: set[str] = set()
    for folder in sorted(lake.paths.releases.glob("r*/")):
        try:
            paths |= referred(folder).keys()
        except (OSError, ValueError, KeyError, sqlite3.Error) as error:
            raise ReleaseError(
                f"Release {folder.name} is damaged ({error}), so nobody knows which data files it "
                f"needs and none is deleted. Restore it from a backup, or delete {folder} to give "
                "it up."
            ) from None
    return paths


def referred(folder: Path) -> dict[str, catalog.Referred]:
    """Return the files that a release refers to; raise ValueError unless it is as published."""
    place = folder / "catalog.sqlite"
    account = json.loads((folder / "release.json").read_text("utf-8"))
    if sha256(place.read_bytes()).hexdigest() != account["catalog_sha256"]:
        raise ValueError("its catalog is not as it was published")
    with contextlib.closing(sqlite3.connect(f"{place.as_uri()}?mode=ro", uri=True)) as copy:
        return catalog.of_copy(copy)


def prune(lake: Lake, now: datetime, *, newest: int, younger: timedelta) -> list[str]:
    """Delete old releases; return their ids.

    The `newest` are kept, those `younger` than that, and, whatever their age, the current one and
    the newest that was cut.
    """
    with lake.lock(purpose="delete old releases"):
        for leftover in lake.paths.releases.glob(f"{ASIDE}*"):
            shutil.rmtree(leftover)
        releases = Releases(lake)
        listed = releases.list()
        kept = {one.release_id for one in (releases.current(), releases.newest()) if one}
        old = [
            one.release_id
            for one in listed[: -newest or None]
            if one.published_at < now - younger and one.release_id not in kept
        ]
        for release_id in old:
            # Renamed first: a kill must not leave half a release under its name.
            aside = lake.paths.releases / f"{ASIDE}{release_id}"
            (lake.paths.releases / release_id).rename(aside)
            shutil.rmtree(aside)
    return old
