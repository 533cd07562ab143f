"""A release: a named, audited, immutable snapshot, and what was judged of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

SHOWN = 5


@dataclass(frozen=True)
class Aged:
    """Why and since when the newest candidate is not what readers see."""

    reason: str
    since: datetime


@dataclass(frozen=True)
class Withdrawn:
    """Who took a release back, why and when."""

    by: str
    why: str
    at: datetime


@dataclass(frozen=True)
class Release:
    """An audited snapshot; `aged` is set on the one that readers see while a newer one has failed.

    It is whole when every contract passed. One that is not is never shown to readers: consumers
    that do not stand on what failed may open it by its id.
    """

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
    withdrawn: Withdrawn | None = None

    @property
    def blocking(self) -> tuple[Mapping[str, Any], ...]:
        """The verdicts that keep it from readers."""
        return tuple(verdict for verdict in self.verdicts if is_blocking(verdict))

    @property
    def is_whole(self) -> bool:
        """Whether every contract passed."""
        return not self.blocking


def is_blocking(verdict: Mapping[str, Any] | object) -> bool:
    """Say whether a verdict keeps a release from being published: an error that did not pass."""
    told = plain(verdict)
    return told.get("severity") == "error" and told.get("status") != "passed"


def plain(verdict: Mapping[str, Any] | object) -> dict[str, Any]:
    if isinstance(verdict, Mapping):
        return dict(verdict)
    if is_dataclass(verdict) and not isinstance(verdict, type):
        return asdict(verdict)
    return dict(vars(verdict))


def say(blocking: Sequence[Mapping[str, Any]]) -> str:
    """Name what blocks in a line; what is wrong with each stands in its own message."""
    said = [f"{one.get('dataset')} {one.get('rule')}" for one in blocking[:SHOWN]]
    more = [f"and {len(blocking) - SHOWN} more"] if len(blocking) > SHOWN else []
    return ", ".join(said + more)
