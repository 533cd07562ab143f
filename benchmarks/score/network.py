"""A simulated network with faults, pulled and unified as a user's would be."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from estate import DEMO_KEY, Estate
from estate.store import EstateError
from orchestration import build, sources
from orchestration.singer import pull
from warehouse import extensions
from warehouse.lake import Lake

ROOT = Path(__file__).parents[2]


@contextmanager
def unified(
    folder: Path, seed: int, faults: Iterable[str], *, orders: int, products: int, later: int = 0
) -> Iterator[tuple[Estate, Lake]]:
    """Simulate, break, play `later` days more, pull every source and build; remove it all after.

    The compiled project of an earlier network in the same folder is used again.
    """
    home, there = folder / "home", folder / "estate"
    shutil.rmtree(home / "lake", ignore_errors=True)
    shutil.rmtree(there, ignore_errors=True)
    estate = Estate.create(there, seed=seed, orders=orders, days=6, products=products, wild=True)
    for fault in faults:
        _inject(estate, fault)
    estate.advance(later)
    lake = Lake(home).create()
    pull_all(estate, lake)
    with build.recorded(lake, 600):
        run_dbt(home)
    yield estate, lake


def pull_all(estate: Estate, lake: Lake) -> None:
    """Pull every source of a simulated network into a lake; the environment then names them."""
    home = lake.paths.home
    with estate.serve() as url:
        os.environ |= {
            "CROSSDOCK_HOME": str(home),
            "CROSSDOCK_ERP_URL": estate.erp_url,
            "CROSSDOCK_WMS_URL": estate.wms_url,
            "CROSSDOCK_SHOP_URL": estate.shop_url,
            "CROSSDOCK_THREEPL_FOLDER": str(estate.drop_folder),
            "CROSSDOCK_CARRIER_URL": url,
            "CROSSDOCK_CARRIER_API_KEY": DEMO_KEY,
            "CROSSDOCK_NOW": estate.now.isoformat(),
        }
        for source in sources.read(ROOT / "sources.yaml"):
            error = pull(lake, source, f"{estate.day}-{source.name}", lambda _: None)
            if error is not None:
                raise error


def _inject(estate: Estate, fault: str) -> None:
    """Break it today, or on the first day of the next ten that has what the fault can meet."""
    for _ in range(10):
        try:
            return estate.inject(fault)
        except EstateError:
            estate.advance(1)
    estate.inject(fault)


def run_dbt(home: Path) -> None:
    """Build the models over a home's lake. Raises RuntimeError with dbt's last words."""
    environment = {
        **os.environ,
        "CROSSDOCK_EXTENSIONS": str(extensions.directory()),
        "DBT_TARGET_PATH": str(home / "dbt"),
        "DBT_LOG_PATH": str(home / "dbt" / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    done = subprocess.run(  # noqa: S603 - dbt, of this environment
        [Path(sys.executable).with_name("dbt"), "run", "--profiles-dir", "."],
        cwd=ROOT / "transforms",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout[-3000:])
