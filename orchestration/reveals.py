"""Who saw content of the quarantine that may be personal: a JSON line each, before it is shown."""

import getpass
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from contracts import CrossdockError
from orchestration.settings import Settings

FILE = "reveals.jsonl"
SHOWN_IDS = 100


def record(settings: Settings, verb: str, units: Sequence[str], **more: Any) -> None:
    """Append who reveals which units to `reveals.jsonl` in the home, safely on disk.

    Raises CrossdockError when it cannot be written: what is not recorded is not revealed.
    """
    entry = {
        "at": datetime.now(UTC).isoformat(),
        "user": _user(),
        "verb": verb,
        "units": list(units[:SHOWN_IDS]),
        "count": len(units),
        **more,
    }
    path = settings.home / FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise CrossdockError(
            f"Nothing is revealed, as {path} cannot be written: {error.strerror}."
        ) from None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
