"""Which release readers see, and what became of the newest candidate."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from warehouse import durably
from warehouse.release import Aged

FILE = "current"


@dataclass(frozen=True)
class Pointer:
    """The release for readers; why it is aged; the candidate beside it, once that is cut."""

    release_id: str | None = None
    aged: Aged | None = None
    partial: str | None = None


def read(root: Path) -> Pointer:
    """Return where readers are led in a folder of releases."""
    try:
        told = json.loads((root / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return Pointer()
    aged = told.get("aged")
    return Pointer(
        told["release_id"],
        Aged(aged["reason"], datetime.fromisoformat(aged["since"])) if aged else None,
        told.get("partial"),
    )


def write(root: Path, to: Pointer) -> None:
    """Lead readers there, in one step."""
    root.mkdir(parents=True, exist_ok=True)
    aside = root / f".{FILE}-{os.getpid()}"
    durably.write(aside, asdict(to))
    aside.replace(root / FILE)
    durably.sync(root)
