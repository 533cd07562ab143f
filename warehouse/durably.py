"""Writes that are on the disk when they return, so that a power cut takes none back."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write(path: Path, value: Mapping[str, Any]) -> None:
    """Write a value as JSON, on the disk when this returns."""
    with path.open("w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, default=str)
        file.flush()
        os.fsync(file.fileno())


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk when this returns."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
