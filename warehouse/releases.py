"""The releases of a lake: the only thing that readers open."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from warehouse import durably, pointer, sql
from warehouse.cutting import cut
from warehouse.errors import ReleaseError
from warehouse.lake import Lake, attach, open_duckdb
from warehouse.pointer import Pointer
from warehouse.release import SHOWN, Aged, Release, Withdrawn, is_blocking, plain, say

ASIDE = ".publishing-"
_WITHDRAWN = "withdrawn.json"


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
        """Cut the lake's canonical tables as they are: the release that readers see from now on.

        With a verdict that blocks it becomes no release for readers: they stay on the last whole
        one, marked aged, and this one is kept beside it as `newest()`, for consumers that do not
        stand on what failed. The same content, judged alike, is the same release. Raises
        ReleaseError when there is no verdict, when the copy is not sound, or when this very
        content was withdrawn.
        """
        if not verdicts:
            raise ReleaseError(
                "A release needs verdicts, and there is none: what was not judged has not passed. "
                "Run `crossdock check` first."
            )
        judged = [plain(verdict) for verdict in verdicts]
        blocking = [verdict for verdict in judged if is_blocking(verdict)]
        self._root.mkdir(parents=True, exist_ok=True)
        with self._lake.lock(purpose="publish a release"):
            for leftover in self._root.glob(f"{ASIDE}*"):
                shutil.rmtree(leftover)
            aside = self._root / f"{ASIDE}{os.getpid()}"
            aside.mkdir()
            try:
                account = cut(self._lake, aside) | {
                    "release_id": self._next_id(now),
                    "published_at": now.isoformat(),
                    "contract_versions": dict(contract_versions),
                    "as_of_marks": dict(as_of_marks),
                    "orphans": orphans,
                    "verdicts": judged,
                }
                same = self._alike(account)
                if same is None:
                    release_id = account["release_id"]
                    durably.write(aside / "release.json", account)
                    durably.sync(aside)
                    aside.rename(self._root / release_id)
                    durably.sync(self._root)
                else:
                    release_id = same.release_id
            finally:
                shutil.rmtree(aside, ignore_errors=True)
            if blocking:
                self._point_aside(release_id, say(blocking), now)
            else:
                pointer.write(self._root, Pointer(release_id))
        return self.get(release_id)

    def _alike(self, account: Mapping[str, Any]) -> Release | None:
        """Return the newest release of the same content that was judged alike.

        Raises ReleaseError when it was withdrawn: the same again would be no better.
        """
        parts = ("contract_versions", "as_of_marks", "verdicts")
        judged = _judged(*(account[part] for part in parts))
        for one in reversed(self.list()):
            if one.content != account["content"]:
                continue
            if _judged(*(getattr(one, part) for part in parts)) == judged:
                if one.withdrawn is not None:
                    raise ReleaseError(
                        f"This is {one.release_id} again, which {one.withdrawn.by} withdrew "
                        f"({one.withdrawn.why}). Mend what was wrong with it, then run again."
                    )
                return one
        return None

    def reject(
        self,
        verdicts: Sequence[Mapping[str, Any] | object],
        *,
        now: datetime,
    ) -> Release | None:
        """Record that the newest candidate failed: the current release stays, marked aged.

        Returns the release that readers go on to see, None when there is none yet.
        """
        blocking = [plain(verdict) for verdict in verdicts if is_blocking(verdict)]
        why = say(blocking) or "the candidate has no verdict"
        with self._lake.lock(purpose="reject a release"):
            self._point_aside(None, why, now)
        return self.current()

    def newest(self) -> Release | None:
        """Return the newest audited snapshot, whole or not; None while there is none.

        There is none before the first, and when a candidate has failed that is not cut yet: what
        failed of it is not known to whoever stands on it.
        """
        now = pointer.read(self._root)
        if now.aged is None:
            return self.current()
        return self.get(now.partial) if now.partial else None

    def rollback(
        self, *, by: str, why: str, now: datetime, to: str | None = None
    ) -> tuple[Release, list[str]]:
        """Lead readers back to an earlier whole release, the one before if none is named.

        Every whole release after it is withdrawn: it stays readable by its id, but its content is
        not published again. A candidate that failed is nobody's to stand on either. Returns the
        release that readers see now, and the ids withdrawn. Raises ReleaseError without a reason,
        or where there is nothing to go back to. Killed half-way, the same command again ends it.
        """
        if not why.strip():
            raise ReleaseError("Say why: what is wrong with the release. Readers of it will ask.")
        with self._lake.lock(purpose="roll back a release"):
            whole = [one for one in self.list() if one.is_whole]
            standing = [one for one in whole if one.withdrawn is None]
            was = pointer.read(self._root)
            if to is None:
                before = [one for one in standing if one.release_id != was.release_id]
                if not before:
                    raise ReleaseError("There is no earlier release to go back to.")
                target = before[-1]
            else:
                target = self.get(to)
            if target not in standing:
                why_not = "was withdrawn itself" if target.withdrawn else "failed its contracts"
                raise ReleaseError(f"{target.release_id} {why_not}: readers cannot be led to it.")
            later = [one for one in standing if whole.index(one) > whole.index(target)]
            account = {"by": by, "why": why.strip(), "at": now.isoformat()}
            for one in reversed(later):
                durably.write(one.path / _WITHDRAWN, account)
                durably.sync(one.path)
            pointer.write(self._root, Pointer(target.release_id, was.aged))
        return self.get(target.release_id), [one.release_id for one in later]

    def reinstate(self, release_id: str) -> Release:
        """Take the word back that withdrew a release; readers see the newest that stands.

        Raises ReleaseError for one that was not withdrawn.
        """
        with self._lake.lock(purpose="reinstate a release"):
            one = self.get(release_id)
            if one.withdrawn is None:
                raise ReleaseError(f"{one.release_id} was not withdrawn.")
            (one.path / _WITHDRAWN).unlink()
            durably.sync(one.path)
            standing = [r for r in self.list() if r.is_whole and r.withdrawn is None]
            was = pointer.read(self._root)
            pointer.write(self._root, replace(was, release_id=standing[-1].release_id))
        return self.get(release_id)

    def find(self, name: str) -> Release:
        """Return a release by its id or the start of it. Raises ReleaseError unless it is one."""
        found = [one for one in self.list() if one.release_id.startswith(name)] if name else []
        if len(found) > 1:
            several = ", ".join(one.release_id for one in found[-SHOWN:])
            raise ReleaseError(f"Several releases begin with '{name}', the newest: {several}.")
        return found[0] if found else self.get(name)

    def withdrawn_after(self, release: Release) -> Release | None:
        """Return the newest withdrawn release that came after one, None if there is none."""
        listed = self.list()
        ids = [one.release_id for one in listed]
        after = listed[ids.index(release.release_id) + 1 :] if release.release_id in ids else []
        return next((one for one in reversed(after) if one.withdrawn is not None), None)

    def current(self) -> Release | None:
        """Return the release that readers see now, None before the first."""
        release_id = pointer.read(self._root).release_id
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
            now = pointer.read(self._root)
            aged = now.aged if now.release_id == release_id else None
            return Release(**account, path=path, aged=aged, withdrawn=_withdrawn(path))
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

    def _next_id(self, now: datetime) -> str:
        # Not how many there are: the oldest are deleted in time, and a number is given once.
        numbers = [path.name.rpartition("-")[2] for path in self._root.glob("r*-*")]
        number = 1 + max((int(number) for number in numbers if number.isdecimal()), default=0)
        return f"r{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{number:04d}"

    def _point_aside(self, partial: str | None, why: str, now: datetime) -> None:
        """Leave readers where they are, on a release that is aged from now on."""
        was = pointer.read(self._root)
        aged = Aged(why, was.aged.since if was.aged else now)
        pointer.write(self._root, Pointer(was.release_id, aged, partial))


def _withdrawn(path: Path) -> Withdrawn | None:
    try:
        account = json.loads((path / _WITHDRAWN).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return Withdrawn(account["by"], account["why"], datetime.fromisoformat(account["at"]))


def _judged(
    versions: Mapping[str, str], marks: Mapping[str, Any], verdicts: Sequence[Mapping[str, Any]]
) -> tuple[object, ...]:
    """Return what a release was judged by, and what came of it."""
    broken = sorted(
        (str(verdict.get("dataset")), str(verdict.get("rule")), str(verdict.get("status")))
        for verdict in verdicts
        if is_blocking(verdict)
    )
    return dict(versions), dict(marks), broken
