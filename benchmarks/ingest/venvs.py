"""Throwaway virtual environments for the peers: each its own, versions pinned."""

import shutil
import subprocess
import sys
from pathlib import Path


class CannotInstallError(Exception):
    """A peer could not be installed here."""


def make(cache: Path, name: str, packages: list[str]) -> Path:
    """Return the folder of an environment that has `packages`, making it when needed.

    Raises CannotInstallError when the index does not have them.
    """
    folder = cache / "venvs" / name
    written = "\n".join([sys.version, *packages])
    mark = folder / "packages.txt"
    if mark.exists() and mark.read_text("utf-8") == written:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    for arguments in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages],
        # Otherwise the first of the measured runs would pay for it.
        [str(folder / "bin" / "python"), "-m", "compileall", "-q", str(folder / "lib")],
    ):
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode and "compileall" not in arguments:
            said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            raise CannotInstallError(f"{' '.join(packages)}: {(said or ['pip failed'])[-1]}")
    mark.write_text(written, "utf-8")
    return folder


def site(folder: Path) -> Path:
    """Return an environment's site-packages."""
    return next(folder.glob("lib/python*/site-packages"))
