"""demo: the whole of Crossdock on a simulated fulfilment network."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli import app, out
from orchestration.settings import OWN_SETTINGS, load

if TYPE_CHECKING:
    from estate import Estate

FAULT = "case_flip"


@app.command()
def demo(
    breach: Annotated[
        bool, typer.Option(help="Inject a fault; exit code 1 if a contract catches it.")
    ] = False,
    fault: Annotated[
        str, typer.Option(help="Which fault; `estate inject --help` lists them.")
    ] = FAULT,
    orders: Annotated[int, typer.Option(help="Orders of the first run's days together.")] = 2000,
    days: Annotated[int, typer.Option(help="Days that the first run starts with.")] = 10,
) -> None:
    """Run everything on a simulated network; each further run advances it by a day.

    Example: `crossdock demo`
    """
    from orchestration.cli.work import work

    with simulated_network(orders=orders, days=days, advance=True) as estate:
        out.print(f"Simulated network: day {estate.day}, {estate.now:%Y-%m-%d %H:%M} UTC")
        if not breach:
            work("run")
            return
        if not _has_release():
            out.print("No release yet: a good run comes first.")
            work("run")
            estate.advance()
            _set_clock(estate)
        estate.inject(fault)
        out.print(f"Fault injected: {fault}: {estate.faults()[fault]}")
        work("run")


def _has_release() -> bool:
    from orchestration.hub import Hub

    return Hub.open().releases.current() is not None


@contextmanager
def simulated_network(
    *, orders: int = 2000, days: int = 10, advance: bool = False
) -> Iterator["Estate"]:
    """Open or create the simulated network, serve its carriers, and point the sources at it.

    A network that is there already is mended of its faults and, if asked, advanced by a day. Its
    nodes ship what the hub asks for, and after two days what nobody asked for.
    """
    from estate import DEMO_KEY, DEMO_WMS_KEY, Estate, wms_api_url

    home = load().home / "estate"
    if (home / "estate.json").exists():
        estate = Estate.open(home)
        estate.clear()
        if advance:
            estate.advance()
    else:
        with out.status(f"simulating {days} days of a fulfilment network"):
            estate = Estate.create(home, orders=orders, days=days)
    if not estate.is_led:
        estate.lead()
    with estate.serve(throttle_every=100, fail_every=150) as url:
        os.environ |= {
            "CROSSDOCK_ERP_URL": estate.erp_url,
            "CROSSDOCK_WMS_URL": estate.wms_url,
            "CROSSDOCK_SHOP_URL": estate.shop_url,
            "CROSSDOCK_THREEPL_FOLDER": str(estate.drop_folder),
            "CROSSDOCK_CARRIER_URL": url,
            "CROSSDOCK_CARRIER_API_KEY": DEMO_KEY,
            "CROSSDOCK_THREEPL_OUTBOUND": str(estate.drop_folder / "outbound"),
            "CROSSDOCK_WMS_REQUESTS_URL": f"{wms_api_url(url)}/requests",
            "CROSSDOCK_WMS_REQUESTS_KEY": DEMO_WMS_KEY,
        }
        _set_clock(estate)
        yield estate


def _set_clock(estate: "Estate") -> None:
    """Make the network's clock the home's, for this command and those that follow."""
    (load().home / OWN_SETTINGS).write_text(f"CROSSDOCK_NOW={estate.now.isoformat()}\n")
