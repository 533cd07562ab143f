"""Contracts as they stood at a git revision, beside those of the working tree."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

from contracts.columns import SUFFIX
from contracts.difference import Change, Step, differences, is_enough, least_version
from contracts.errors import ContractError
from contracts.model import Contract
from contracts.reader import LAYERS, directory_of, read_all

# What a contract has to say of itself before it may go: its readers are then warned.
LEAVING = ("deprecated", "retired")


class Compared:
    """A contract then and now; one of the two may be None."""

    def __init__(self, old: Contract | None, new: Contract | None) -> None:
        self.old, self.new = old, new
        self.changes: tuple[Change, ...] = ()
        self.problem: str | None = None
        if old and new:
            self.changes = differences(old, new)
            self.problem = _lacking(old, new, self.changes)
        elif old:
            self.changes = (Change("", "contract taken away", Step.MAJOR),)
            if old.status not in LEAVING:
                self.problem = f"say `status: {LEAVING[0]}` first: its readers rely upon it"
        else:
            self.changes = (Change("", "contract added", Step.MINOR),)

    @property
    def key(self) -> str:
        """Its name among all contracts."""
        either = self.new or self.old
        return either.key if either else ""


def compare(revision: str, directory: Path | None = None) -> tuple[Compared, ...]:
    """Hold the contracts of a folder against those of a git revision; the changed ones, by name.

    Raises ContractError where git knows no such revision, the folder is in no repository, or a
    contract of either side is refused.
    """
    home = directory_of(directory)
    old, new = _at(revision, home), _all(home)
    pairs = [Compared(old.get(key), new.get(key)) for key in sorted(old.keys() | new.keys())]
    return tuple(pair for pair in pairs if pair.changes)


def _lacking(old: Contract, new: Contract, changes: tuple[Change, ...]) -> str | None:
    if not changes:
        return None
    try:
        least = least_version(old.version, changes)
        if is_enough(new.version, least):
            return None
    except ValueError as error:
        return f"version: {error}"
    return f"version {new.version} has to be {least} at least, after {old.version}"


def _all(home: Path) -> dict[str, Contract]:
    layers = [layer for layer in LAYERS if any((home / layer).glob(f"*{SUFFIX}"))]
    return {c.key: c for layer in layers for c in read_all(layer, home)}


def _at(revision: str, home: Path) -> dict[str, Contract]:
    done = subprocess.run(  # noqa: S603 - no shell, and no option can be a revision
        ["git", "-C", str(home), "archive", "--format=tar", "--end-of-options", revision],  # noqa: S607 - as the PATH has it
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise ContractError(f"git cannot give {home} as of '{revision}': {said}")
    with tempfile.TemporaryDirectory(prefix="crossdock-contracts-") as folder:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
            wanted = [m for m in tar.getmembers() if m.name.endswith(SUFFIX)]
            tar.extractall(folder, members=wanted, filter="data")
        try:
            return _all(Path(folder))
        except ContractError as error:
            raise ContractError(f"As of '{revision}' a contract is refused:\n{error}") from None
