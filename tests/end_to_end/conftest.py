"""A hub of its own over a simulated network of its own, driven by the commands that users type."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from estate import DEMO_KEY, Estate
from warehouse.lake import Lake
from warehouse.releases import Releases

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
            "CROSSDOCK_SHOP_URL": self.estate.shop_url,
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
        printed, _ = process.communicate(timeout=600)
        assert process.returncode == code, printed[-4000:]
        return printed

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the writers' lake."""
        with Lake(self.home).connect(read_only=True) as con:
            return con.execute(query).fetchall()

    def write(self, statement: str) -> None:
        """Change the writers' lake, as no command would."""
        with Lake(self.home).connect() as con:
            con.execute(statement)

    @property
    def releases(self) -> Releases:
        """The releases of this home."""
        return Releases(Lake(self.home))


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep dbt's compiled project for the next home: a compilation takes ten seconds."""
    return tmp_path_factory.mktemp("compiled") / "dbt"


@pytest.fixture(scope="module")
def hub_on(
    tmp_path_factory: pytest.TempPathFactory, compiled: Path
) -> Callable[..., AbstractContextManager[Hub]]:
    """Make hubs: `with hub_on(orders=..., days=...) as hub`."""

    @contextmanager
    def make(**size: int) -> Iterator[Hub]:
        home = tmp_path_factory.mktemp("home")
        if compiled.exists():
            shutil.copytree(compiled, home / "dbt")
        estate = Estate.create(tmp_path_factory.mktemp("network") / "estate", **size)
        # Fewer bad moments than usual: how they are met has tests of its own, and waiting is long.
        with estate.serve(throttle_every=100, fail_every=150) as url:
            yield Hub(home, estate, url)
        if not compiled.exists() and (home / "dbt" / "compiled.sha256").exists():
            shutil.copytree(home / "dbt", compiled)

    return make
