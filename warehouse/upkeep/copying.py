"""Copy files so that each is whole under its name, or not there at all."""

import os
import shutil
from hashlib import file_digest, sha256
from pathlib import Path

from warehouse.errors import LakeError

CHUNK = 1 << 20


def copy(path: Path, to: Path, digest: str | None) -> None:
    """Copy a file, with the SHA-256 `digest` when one is known; raise LakeError if it has another.

    Raises LakeError as well when the file is not there.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    aside = to.with_name(f".{to.name}.part")
    found = sha256()
    try:
        with path.open("rb") as source, aside.open("wb") as target:
            while chunk := source.read(CHUNK):
                found.update(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
    except FileNotFoundError:
        raise LakeError(f"{path} is missing. `crossdock fsck` lists all that is.") from None
    if digest is not None and found.hexdigest() != digest:
        aside.unlink()
        raise LakeError(
            f"{path} is not what was written: its SHA-256 is another. `crossdock fsck` lists all "
            "such files; restore them from an older backup."
        )
    shutil.copystat(path, aside)
    aside.replace(to)


def is_same(path: Path, to: Path) -> bool:
    """Say whether a file that never changes has been copied: by its size, without reading it."""
    return to.exists() and to.stat().st_size == path.stat().st_size


def has(path: Path, digest: str) -> bool:
    """Say whether a file is there and has this SHA-256."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest() == digest


def write(path: Path, content: bytes) -> None:
    """Write a small file at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
