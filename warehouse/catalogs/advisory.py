"""Locks that reach several machines: PostgreSQL's advisory locks, each on a session of its own.

A session that ends, with its process or its network, gives its locks back by itself.
"""

import os
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg

from warehouse.catalogs import LockBusy
from warehouse.catalogs.location import Location
from warehouse.errors import LakeError

# Sets our locks apart from those of other applications on the same database.
CLASS = 0x63647368
LONGEST_MS = 2**31 - 1
# PostgreSQL cuts an application's name to 63 bytes.
NAME_BYTES = 63
HOLDER = """
    SELECT application_name, client_addr FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND classid = %s AND objid = %s AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


@dataclass
class _Held:
    session: psycopg.Connection
    times: int = 1


# By process (a fork inherits this table, not the locks), thread, place and name.
_held: dict[tuple[int, int, str, str], _Held] = {}
_nested = threading.Lock()


@contextmanager
def hold(
    location: Location, name: str, *, timeout: float, purpose: str, is_reentrant: bool
) -> Iterator[None]:
    """Hold an advisory lock; raise LockBusy after `timeout` seconds.

    is_reentrant: whether the thread that holds it may take it again; others never.
    """
    me = (os.getpid(), threading.get_ident(), location.where, name)
    if is_reentrant and (mine := _held.get(me)):
        mine.times += 1
        try:
            yield
        finally:
            mine.times -= 1
        return
    session = location.connect(_introduction(purpose))
    try:
        _acquire(session, location, name, timeout)
        with _nested:
            outer = _held.get(me)
            _held[me] = _Held(session)
        try:
            yield
        finally:
            with _nested:
                del _held[me]
                if outer is not None:
                    _held[me] = outer
            # Given back by word: that the session has ended, the server sees a little later.
            with suppress(psycopg.Error):
                session.execute("SELECT pg_advisory_unlock(%s, %s)", [CLASS, _key(name)])
    finally:
        session.close()


def require(location: Location) -> None:
    """Raise LakeError when a lock that this process holds was lost with its session."""
    with _nested:
        mine = [
            (name, held.session)
            for (process, _, where, name), held in _held.items()
            if process == os.getpid() and where == location.where
        ]
    for name, session in mine:
        try:
            session.execute("SELECT 1")
        except psycopg.Error:
            raise LakeError(
                f"The lock '{name}' on {location.where} was lost with its connection, so nothing "
                "is committed. Run again."
            ) from None


def holder(location: Location, name: str) -> str | None:
    """Say who holds a lock now; None when nobody does."""
    with location.connect(_introduction("look")) as session:
        return _holder(session, name)


def _acquire(session: psycopg.Connection, location: Location, name: str, timeout: float) -> None:
    key = [CLASS, _key(name)]
    try:
        if timeout <= 0:
            row = session.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone()
            if row and row[0]:
                return
        else:
            wait = max(1, min(int(timeout * 1000), LONGEST_MS))
            session.execute("SELECT set_config('lock_timeout', %s, false)", [str(wait)])
            with suppress(psycopg.errors.LockNotAvailable):
                session.execute("SELECT pg_advisory_lock(%s, %s)", key)
                return
        raise LockBusy(_holder(session, name) or "another process", f"{name} in {location.where}")
    except psycopg.Error as error:
        raise LakeError(location.unreachable(error)) from None


def _holder(session: psycopg.Connection, name: str) -> str | None:
    row = session.execute(HOLDER, [CLASS, _key(name)]).fetchone()
    if row is None:
        return None
    return f"{row[0]} from {row[1]}" if row[1] else str(row[0])


def _introduction(purpose: str) -> str:
    """Return what others read when they wait: which process, on which machine, for what."""
    said = f"process {os.getpid()} on {socket.gethostname()} ({purpose})"
    return said.encode("ascii", "replace")[:NAME_BYTES].decode()


def _key(name: str) -> int:
    """Return a number for a lock's name: PostgreSQL takes a signed 32-bit integer."""
    return zlib.crc32(name.encode()) & 0x7FFFFFFF
