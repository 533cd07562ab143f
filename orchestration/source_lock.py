"""One pull of a source at a time, from the reading of its state to its last commit."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from contracts import CrossdockError
from warehouse.lake import Lake

_POLL_S = 0.1


class SourceBusy(CrossdockError):
    """Another pull of the source is running."""


def of_pull(lake: Lake, source: str, timeout_s: float) -> AbstractContextManager[int]:
    """Hold the lock of a source's pulls into a lake, as `held` does."""
    return held(lake.paths.lock.with_name(f"pull-{source}.lock"), source, timeout_s)


@contextmanager
def held(path: Path, source: str, timeout_s: float) -> Iterator[int]:
    """Hold a source's lock, and give the descriptor that holds it.

    Who inherits the descriptor holds the lock as well: a tap and a target whose pull was killed
    keep the next one waiting until they have ended. Raises SourceBusy after `timeout_s` seconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _wait(descriptor, path, source, timeout_s)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()}".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _wait(descriptor: int, path: Path, source: str, timeout_s: float) -> None:
    until = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                who = os.pread(descriptor, 100, 0).decode("utf-8", "replace") or "another process"
                raise SourceBusy(
                    f"Source {source} is being pulled by {who}, or by what it left running; "
                    f"waited {timeout_s:g} s. Wait for it to end, or end it, and pull again. "
                    f"Lock: {path}"
                ) from None
            time.sleep(_POLL_S)
