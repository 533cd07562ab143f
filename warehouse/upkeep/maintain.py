"""Upkeep: what a lake needs now and then, in short steps, so that loads need not wait long."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from warehouse import files
from warehouse.lake import Lake
from warehouse.upkeep import expiry, retention
from warehouse.upkeep.compaction import Compacted, compact
from warehouse.upkeep.expiry import Swept


@dataclass(frozen=True)
class Keep:
    """What is kept, and how long."""

    snapshots: timedelta = timedelta(days=7)
    releases: int = 30
    # Longer than anybody has a lake open, a backup included.
    grace: timedelta = timedelta(days=1)


@dataclass
class Account:
    """What upkeep did."""

    sealed: int = 0
    compacted: list[Compacted] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)
    snapshots: int = 0
    swept: Swept = field(default_factory=lambda: Swept(0, 0, 0))


def maintain(
    lake: Lake,
    now: datetime,
    keep: Keep | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> Account:
    """Do all of a lake's upkeep; killed at any moment and run again, it does what is left.

    now: the wall clock's, by which DuckLake dates snapshots. tell: gets each step's name.
    Raises ReleaseError when a damaged release hides what it needs; then no file is deleted.
    """
    keep = keep or Keep()
    account = Account()
    tell("record data files")
    account.sealed = files.seal_all(lake, now)
    with lake.connect() as con:
        tell("compact tables")
        account.compacted = compact(lake, con, None, now)
        tell("delete old releases")
        account.releases = retention.prune(lake, now, newest=keep.releases, younger=keep.snapshots)
        tell("expire snapshots")
        account.snapshots = expiry.expire(lake, con, now - keep.snapshots)
        tell("delete old files")
        account.swept = expiry.sweep(lake, con, now, keep.grace)
    return account
