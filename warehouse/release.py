"""Releases: named, audited, immutable snapshots, the only thing that readers open."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from warehouse import catalog_copy, sql
from warehouse.errors import ReleaseError
from warehouse.lake import Lake, attach, open_duckdb

VISIBLE = frozenset({"canonical"})
ASIDE = ".publishing-"
SHOWN = 5


@dataclass(frozen=True)
class Aged:
    """Why and since when the newest candidate is not what readers see."""

    reason: str
    since: datetime


@dataclass(frozen=True)
class Release:
    """A published release; `aged` is set while a newer candidate has failed."""

    release_id: str
    snapshot_id: int
    published_at: datetime
    contract_versions: Mapping[str, str]
    as_of_marks: Mapping[str, str]
    orphans: int
    tables: Mapping[str, int]
    verdicts: Sequence[Mapping[str, Any]] = field(repr=False)
    catalog_sha256: str = field(repr=False)
    path: Path = field(repr=False)
    content: str = field(default="", repr=False)
    aged: Aged | None = None


def is_blocking(verdict: Mapping[str, Any] | object) -> bool:
    """Say whether a verdict keeps a release from being published: an error that did not pass."""
    plain = _plain(verdict)
    return plain.get("severity") == "error" and plain.get("status") != "passed"


class Releases:
    """The releases of a lake."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._root = lake.paths.releases

    def publish(
        self,
        verdicts: Sequence[Mapping[str, Any] | object],
        *,
        contract_versions: Mapping[str, str],
        as_of_marks: Mapping[str, Any],
        orphans: int = 0,
        now: datetime,
    ) -> Release:
        """Publish the lake's canonical tables as they are, and make that the current release.

        The same content published again is the same release. Raises ReleaseError when there is
        no verdict, when one blocks, or when the copy is not sound.
        """
        self._refuse_failed(verdicts)
        self._root.mkdir(parents=True, exist_ok=True)
        with self._lake.lock(purpose="publish a release"):
            for leftover in self._root.glob(f"{ASIDE}*"):
                shutil.rmtree(leftover)
            aside = self._root / f"{ASIDE}{os.getpid()}"
            aside.mkdir()
            catalog = aside / "catalog.sqlite"
            self._lake.catalog.copy(catalog, VISIBLE)
            snapshot_id = catalog_copy.content_snapshot(catalog, VISIBLE)
            content = catalog_copy.content_mark(catalog, VISIBLE)
            if same := self._of_content(content):
                shutil.rmtree(aside)
                self._point(same.release_id, aged=None)
                return self.get(same.release_id)
            tables = catalog_copy.keep_only(catalog, self._lake.paths.data, VISIBLE)
            if not tables:
                shutil.rmtree(aside)
                raise ReleaseError(
                    "The lake has no canonical table to release. Run `crossdock unify` first."
                )
            if gone := catalog_copy.missing(catalog, self._lake.paths.data):
                shutil.rmtree(aside)
                raise ReleaseError(
                    f"The candidate is not whole: {len(gone)} of its files are missing, such as "
                    f"{gone[0]}. Run `crossdock unify` and `crossdock check` again."
                )
            catalog.chmod(0o444)
            release_id = f"r{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{self._next_number():04d}"
            account = {
                "release_id": release_id,
                "snapshot_id": snapshot_id,
                "content": content,
                "published_at": now.isoformat(),
                "contract_versions": dict(contract_versions),
                "as_of_marks": dict(as_of_marks),
                "orphans": orphans,
                "tables": tables,
                "verdicts": [_plain(verdict) for verdict in verdicts],
                "catalog_sha256": sha256(catalog.read_bytes()).hexdigest(),
            }
            _write_durably(aside / "release.json", account)
            _sync(catalog)
            _sync(aside)
            aside.rename(self._root / release_id)
            _sync(self._root)
            self._point(release_id, aged=None)
        return self.get(release_id)

    def reject(
        self,
        verdicts: Sequence[Mapping[str, Any] | object],
        *,
        now: datetime,
        reason: str | None = None,
    ) -> Release | None:
        """Record that the newest candidate failed: the current release stays, marked aged.

        Returns the release that readers go on to see, None when there is none yet.
        """
        blocking = [_plain(verdict) for verdict in verdicts if is_blocking(verdict)]
        why = reason or _say(blocking) or "the candidate has no verdict"
        with self._lake.lock(purpose="reject a release"):
            pointer = self._pointer()
            since = (pointer.get("aged") or {}).get("since") or now.isoformat()
            self._point(pointer.get("release_id"), aged={"reason": why, "since": since})
        return self.current()

    def current(self) -> Release | None:
        """Return the release that readers see now, None before the first."""
        release_id = self._pointer().get("release_id")
        return self.get(release_id) if release_id else None

    def list(self) -> list[Release]:
        """Return the sound releases, oldest first."""
        found = []
        for path in sorted(self._root.glob("r*/release.json")):
            try:
                found.append(self.get(path.parent.name))
            except ReleaseError:
                continue
        return sorted(found, key=lambda one: (one.published_at, one.release_id))

    def get(self, release_id: str) -> Release:
        """Read a release by its id; raise ReleaseError, naming the newest, if it is not sound."""
        path = self._root / release_id
        # An id comes from people and configuration: it must never lead out of the folder.
        if path.parent != self._root or release_id.startswith("."):
            raise ReleaseError(f"'{release_id}' is no release id.")
        try:
            account = json.loads((path / "release.json").read_text("utf-8"))
            account["published_at"] = datetime.fromisoformat(account["published_at"])
            pointer = self._pointer()
            aged = pointer.get("aged") if pointer.get("release_id") == release_id else None
            if aged:
                aged = Aged(aged["reason"], datetime.fromisoformat(aged["since"]))
            return Release(**account, path=path, aged=aged)
        except (OSError, ValueError, TypeError, KeyError) as error:
            names = sorted(one.parent.name for one in self._root.glob("r*/release.json"))
            known = ", ".join(reversed(names[-SHOWN:])) or "none"
            raise ReleaseError(
                f"There is no sound release '{release_id}' in {self._root}. Newest: {known}."
            ) from error

    def open(self, release_id: str) -> duckdb.DuckDBPyConnection:
        """Open a release, read-only, with its tables as `canonical.<entity>`.

        Never touches the writers' catalog. Raises ReleaseError when the release was altered.
        """
        release = self.get(release_id)
        catalog = release.path / "catalog.sqlite"
        try:
            digest = sha256(catalog.read_bytes()).hexdigest()
        except OSError:
            digest = ""
        if digest != release.catalog_sha256:
            raise ReleaseError(
                f"The catalog of release {release_id} is not as it was published. Open another "
                f"release, or publish again. File: {catalog}"
            )
        con = open_duckdb(is_trusted=False)
        attach(con, catalog, self._lake.paths.data, alias="release", read_only=True)
        con.execute(f"USE {sql.name('release')}")
        return con

    def _of_content(self, content: str) -> Release | None:
        same = [one for one in self.list() if one.content == content]
        return same[-1] if same else None

    def _next_number(self) -> int:
        # Not how many there are: the oldest are deleted in time, and a number is given once.
        numbers = [path.name.rpartition("-")[2] for path in self._root.glob("r*-*")]
        return 1 + max((int(number) for number in numbers if number.isdecimal()), default=0)

    def _pointer(self) -> dict[str, Any]:
        try:
            pointer: dict[str, Any] = json.loads((self._root / "current").read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return pointer

    def _point(self, release_id: str | None, *, aged: dict[str, str] | None) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        aside = self._root / f".current-{os.getpid()}"
        _write_durably(aside, {"release_id": release_id, "aged": aged})
        aside.replace(self._root / "current")
        _sync(self._root)

    @staticmethod
    def _refuse_failed(verdicts: Sequence[Mapping[str, Any] | object]) -> None:
        if not verdicts:
            raise ReleaseError(
                "A release needs verdicts, and there is none: what was not judged has not passed. "
                "Run `crossdock check` first."
            )
        blocking = [_plain(verdict) for verdict in verdicts if is_blocking(verdict)]
        if blocking:
            raise ReleaseError(f"The candidate is not released: {_say(blocking)}")


def _plain(verdict: Mapping[str, Any] | object) -> dict[str, Any]:
    if isinstance(verdict, Mapping):
        return dict(verdict)
    if is_dataclass(verdict) and not isinstance(verdict, type):
        return asdict(verdict)
    return dict(vars(verdict))


def _say(blocking: Sequence[Mapping[str, Any]]) -> str:
    said = [
        f"{one.get('dataset')} {one.get('rule')}: {one.get('message') or one.get('status')}"
        for one in blocking[:SHOWN]
    ]
    more = [f"and {len(blocking) - SHOWN} more"] if len(blocking) > SHOWN else []
    return "; ".join(said + more)


def _write_durably(path: Path, value: Mapping[str, Any]) -> None:
    with path.open("w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, default=str)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
