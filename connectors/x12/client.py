"""How a drop folder is asked: which files are new, whole and not read before, each read once."""

from __future__ import annotations

import hashlib
import logging
import pickle
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from singer_sdk.exceptions import FatalSyncError

_UNFINISHED = (".tmp", ".part", ".partial", ".filepart")
_SPOOL_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file's bytes; `name` is relative to the folder, with forward slashes."""

    name: str
    sha256: str
    data: bytes


@dataclass(slots=True)
class Folder:
    """A folder of files, and by name the [sha256, bytes, mtime in ns] of those read before."""

    path: Path
    glob: str
    settle_s: float
    logger: logging.Logger
    seen: dict[str, list[Any]] = field(default_factory=dict)

    def arrivals(self) -> Iterator[Arrival]:
        """Yield each new file, and keep in `seen` the files that are there now.

        Raises FatalSyncError when there is no such folder.
        """
        if not self.path.is_dir():
            raise FatalSyncError(
                f"Setting 'path': there is no folder {self.path}. Make it, or mount it."
            )
        before, self.seen = self.seen, {}
        names_of = {entry[0]: name for name, entry in before.items()}
        for path in sorted(self.path.glob(self.glob)):
            name = path.relative_to(self.path).as_posix()
            arrival = self._arrival(path, name, before.get(name), names_of)
            if arrival:
                names_of[arrival.sha256] = name
                yield arrival

    def _arrival(
        self, path: Path, name: str, entry: list[Any] | None, names_of: Mapping[str, str]
    ) -> Arrival | None:
        if path.name.startswith(".") or path.suffix.lower() in _UNFINISHED or not path.is_file():
            return None
        try:
            size, mtime = _stamp(path)
            if entry and entry[1:] == [size, mtime]:
                self.seen[name] = entry
                return None
            if self.settle_s and time.time() - mtime / 1e9 < self.settle_s:
                self.logger.info("%s changed a moment ago, left for the next run", name)
                return None
            data = path.read_bytes()
            if _stamp(path) != (size, mtime):
                self.logger.warning("%s changed while it was read, left for the next run", name)
                return None
        except OSError as error:
            self.logger.warning("%s cannot be read: %s", name, error.strerror)
            if entry:
                self.seen[name] = entry
            return None
        sha256 = hashlib.sha256(data).hexdigest()
        self.seen[name] = [sha256, size, mtime]
        if sha256 in names_of:
            if names_of[sha256] != name:
                self.logger.info("%s has the bytes of %s, skipped", name, names_of[sha256])
            return None
        return Arrival(name, sha256, data)


class Spool:
    """Records of many streams, written once and read by stream; on disk when they are many."""

    def __init__(self) -> None:
        self._files: dict[str, tempfile.SpooledTemporaryFile[bytes]] = {}

    def write(self, stream: str, record: dict[str, Any]) -> None:
        """Append a record to a stream."""
        if stream not in self._files:
            self._files[stream] = tempfile.SpooledTemporaryFile(_SPOOL_BYTES)  # noqa: SIM115
        pickle.dump(record, self._files[stream])

    def read(self, stream: str) -> Iterator[dict[str, Any]]:
        """Yield a stream's records once, in the order written."""
        file = self._files.pop(stream, None)
        if file is None:
            return
        with file:
            file.seek(0)
            while True:
                try:
                    yield pickle.load(file)  # noqa: S301 - written by this process
                except EOFError:
                    return


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
