"""A hub of its own over a simulated network of its own, driven by the commands that users type."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from estate import DEMO_KEY, Estate
from warehouse.lake import Lake
from warehouse.release import Releases

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).parent / "crossdock"


@dataclass
class Hub:
    """A home, the network that it is pointed at, and the commands on it."""

    home: Path
    estate: Estate
    url: str
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What `make demo` exports, for this home."""
        return {
            **os.environ,
            "CROSSDOCK_HOME": str(self.home),
            "CROSSDOCK_ERP_URL": self.estate.erp_url,
            "CROSSDOCK_WMS_URL": self.estate.wms_url,
            "CROSSDOCK_THREEPL_FOLDER": str(self.estate.drop_folder),
            "CROSSDOCK_CARRIER_URL": self.url,
            "CROSSDOCK_CARRIER_API_KEY": DEMO_KEY,
            "CROSSDOCK_NOW": self.estate.now.isoformat(),
            "COLUMNS": "200",
            **self.extra,
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a crossdock command in a process group of its own."""
        return subprocess.Popen(
            [COMMAND, *arguments],
            cwd=self.home,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def do(self, *arguments: str, code: int = 0) -> str:
        """Run a crossdock command and return what it printed; it must end with `code`."""
        process = self.start(*arguments)
        printed, _ = process.communicate(timeout=300)
        assert process.returncode == code, printed[-4000:]
        return printed

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the writers' lake."""
        with Lake(self.home).connect(read_only=True) as con:
            return con.execute(query).fetchall()

    @property
    def releases(self) -> Releases:
        """The releases of this home."""
        return Releases(Lake(self.home))


@pytest.fixture
def hub_on(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Make hubs: `with hub_on(orders=…, days=…) as hub`."""
    count = 0

    @contextmanager
    def make(**size: int) -> Iterator[Hub]:
        nonlocal count
        count += 1
        home = tmp_path / f"home{count}"
        home.mkdir()
        estate = Estate.create(tmp_path / f"estate{count}", **size)
        with estate.serve() as url:
            yield Hub(home, estate, url)

    yield make
