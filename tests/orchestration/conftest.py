"""Homes for the commands: landed by the target, asked by the commands that people type."""

import io
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from warehouse.lake import Lake
from warehouse.landing.load import Load
from warehouse.landing.settings import Settings

with warnings.catch_warnings():
    # sqlglot imports sqlglotrs where some package brings it, which says that it is deprecated:
    # https://github.com/tobymao/sqlglot/tree/main/sqlglotrs
    warnings.simplefilter("ignore", DeprecationWarning)
    import sqlglot  # noqa: F401

COMMAND = Path(sys.executable).parent / "crossdock"


@pytest.fixture(scope="session")
def land() -> Callable[..., None]:
    """Land lines in a home."""

    def run(home: Path, *lines: bytes, load_id: str, source: str = "shop") -> None:
        settings = Settings(home=home, source=source, load_id=load_id)
        stream = io.BytesIO(b"\n".join(lines) + b"\n")
        Load(Lake(home).create(), settings, lambda _: None).run(stream)

    return run


@pytest.fixture(scope="session")
def command_on() -> Callable[[Path, Path], Callable[..., str]]:
    """Make a runner of `crossdock` on a home and its contracts; it returns what was printed."""

    def make(home: Path, contracts: Path) -> Callable[..., str]:
        def run(*arguments: str, code: int = 0, columns: int = 200) -> str:
            environment = {
                **os.environ,
                "CROSSDOCK_HOME": str(home),
                "CROSSDOCK_CONTRACTS": str(contracts),
                "COLUMNS": str(columns),
            }
            done = subprocess.run(
                [COMMAND, *arguments],
                env=environment,
                cwd=home,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert done.returncode == code, done.stdout
            return done.stdout

        return run

    return make
