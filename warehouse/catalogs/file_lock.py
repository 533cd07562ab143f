"""Locks of one machine: a file each, with a note beside it that says who holds it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from warehouse.catalogs import LockBusy


@contextmanager
def hold(path: Path, *, timeout: float, purpose: str, is_reentrant: bool) -> Iterator[None]:
    """Hold the lock `path`; raise LockBusy after `timeout` seconds.

    is_reentrant: whether the thread that holds it may take it again; others never.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, is_singleton=is_reentrant, fallback_to_soft=False)
    try:
        lock.acquire(timeout=timeout)
    except Timeout as error:
        raise LockBusy(_note(path), str(path)) from error
    try:
        if lock.lock_counter == 1:
            path.with_suffix(".holder").write_text(f"process {os.getpid()} ({purpose})\n", "utf-8")
        yield
    finally:
        lock.release()


def holder(path: Path) -> str | None:
    """Say who holds the lock `path` now, looking for an instant and shared; None: nobody."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _note(path)
    except OSError:
        return None
    return None


def _note(path: Path) -> str:
    try:
        return path.with_suffix(".holder").read_text("utf-8").strip() or "another process"
    except OSError:
        return "another process"
