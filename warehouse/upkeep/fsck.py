"""Hold a lake against what it was when it was written; nothing is changed."""

import os
import re
import sqlite3
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import file_digest
from pathlib import Path

import duckdb

from contracts import CrossdockError
from warehouse import catalog
from warehouse.catalog import Referred
from warehouse.catalogs.sqlite import attach
from warehouse.errors import LakeError
from warehouse.files import Seal, read
from warehouse.lake import Lake
from warehouse.releases import Releases
from warehouse.session import open_duckdb
from warehouse.upkeep import expiry, retention, soundness
from warehouse.upkeep.finding import Finding, Kind

SEALED_NAME = re.compile(r"[0-9a-f]{64}")
Tell = Callable[[int, int], None]


@dataclass
class Report:
    """What was looked at, and what was found."""

    findings: list[Finding] = field(default_factory=list)
    files: int = 0
    bytes: int = 0

    @property
    def errors(self) -> list[Finding]:
        """The findings that somebody has to mend."""
        return [one for one in self.findings if one.is_error]


@dataclass
class _Seen:
    """What the catalogs say, all of one moment."""

    findings: list[Finding] = field(default_factory=list)
    referred: dict[str, Referred] = field(default_factory=dict)
    seals: dict[str, set[Seal]] = field(default_factory=dict)
    scheduled: set[str] = field(default_factory=set)
    is_sound: bool = False


def fsck(lake: Lake, now: datetime, tell: Tell = lambda done, of: None) -> Report:
    """Check catalog, releases and every file that any snapshot refers to, against its SHA-256.

    It takes no lock: loads and upkeep may go on. tell: gets the bytes read and those to be read.
    """
    seen = _look(lake)
    total = sum(one.bytes for one in seen.referred.values())
    report = Report(files=len(seen.referred), bytes=total)
    found = list(_files(lake, seen, lambda done: tell(done, total)))
    if found:
        # Upkeep may have deleted meanwhile what nobody needs any more.
        still = _look(lake).referred
        found = [one for one in found if one.where in still]
    orphans = _orphans(lake, seen, now) if seen.is_sound else ()
    report.findings = [*seen.findings, *found, *_oversize(lake), *orphans]
    return report


def _look(lake: Lake) -> _Seen:
    seen = _Seen()
    with tempfile.TemporaryDirectory(prefix="crossdock-fsck-") as folder:
        copy = Path(folder) / "catalog.sqlite"
        called = lake.catalog.where
        try:
            lake.catalog.check()
            lake.catalog.copy(copy, None)
        except (LakeError, sqlite3.Error) as error:
            seen.findings.append(Finding(Kind.CATALOG, called, str(error)))
        else:
            seen.findings += soundness.check(copy, lake.paths.data, called)
            if not seen.findings:
                seen.is_sound = True
                _read(copy, lake, seen)
    for release in sorted(lake.paths.releases.glob("r*/")):
        try:
            seen.referred = retention.referred(release) | seen.referred
        except (OSError, ValueError, KeyError, sqlite3.Error) as error:
            if release.exists():  # upkeep may have deleted it just now
                seen.findings.append(Finding(Kind.RELEASE, str(release), str(error)))
    try:
        Releases(lake).current()
    except (CrossdockError, OSError, ValueError) as error:
        pointer = lake.paths.releases / "current"
        seen.findings.append(Finding(Kind.RELEASE, str(pointer), str(error)))
    return seen


def _read(copy: Path, lake: Lake, seen: _Seen) -> None:
    with open_duckdb() as con:
        attach(con, copy, lake.paths.data, alias="lake", read_only=True)
        seen.referred = catalog.of_lake(con)
        seen.scheduled = set(expiry.scheduled(con))
        try:
            for path, digest, size in con.execute(
                "SELECT path, sha256, bytes FROM lake.hub.file"
            ).fetchall():
                seen.seals.setdefault(path, set()).add(Seal(path, digest, size))
        except duckdb.Error as error:
            said = str(error).splitlines()[0]
            seen.findings.append(Finding(Kind.ALTERED, "hub.file", f"no file is known: {said}"))


def _files(lake: Lake, seen: _Seen, tell: Callable[[int], None]) -> Iterator[Finding]:
    """Hash all files, as many at a time as there are cores: hashing holds no lock of Python's."""
    done = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for finding, size in pool.map(
            lambda one: (_file(lake.paths.data, one, seen.seals), one.bytes),
            seen.referred.values(),
        ):
            done += size
            tell(done)
            if finding is not None:
                yield finding


def _file(data: Path, one: Referred, seals: Mapping[str, Collection[Seal]]) -> Finding | None:
    of = f"{one.kind} of {one.table}"
    try:
        is_now = read(data, one.path)
    except FileNotFoundError:
        return Finding(Kind.MISSING, one.path, of)
    except OSError as error:
        return Finding(Kind.ALTERED, one.path, f"{of}; it cannot be read: {error.strerror}")
    known = seals.get(one.path, ())
    if is_now in known:
        return None
    if is_now.bytes != one.bytes:
        return Finding(Kind.ALTERED, one.path, f"{of}; {is_now.bytes} bytes, not {one.bytes}")
    if known:
        return Finding(Kind.ALTERED, one.path, f"{of}; its SHA-256 is not the recorded one")
    return Finding(Kind.UNRECORDED, one.path, of)


def _orphans(lake: Lake, seen: _Seen, now: datetime) -> Iterator[Finding]:
    data = lake.paths.data
    for path in sorted(set(expiry.on_disk(data)) - seen.referred.keys() - seen.scheduled):
        try:
            age, size = now - expiry.begun_at(data / path), (data / path).stat().st_size
        except FileNotFoundError:
            continue
        hours = age.total_seconds() / 3600
        yield Finding(Kind.ORPHAN, path, f"{size} bytes, {max(hours, 0):.1f} h old")


def _oversize(lake: Lake) -> Iterator[Finding]:
    """Check the lines that were too large for a row: each file is named by its own SHA-256."""
    for path in sorted(lake.paths.data.with_name("oversize").glob("*")):
        if SEALED_NAME.fullmatch(path.name):
            with path.open("rb") as file:
                if file_digest(file, "sha256").hexdigest() != path.name:
                    yield Finding(Kind.OVERSIZE, str(path), "its SHA-256 is not its name")
