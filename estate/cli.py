"""The `estate` command: a simulated network to try the hub on."""

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from sqlalchemy.exc import SQLAlchemyError

from estate.faults import FAULTS
from estate.network import Estate
from estate.server import DEMO_KEY, DEMO_WMS_KEY, wms_api_url
from estate.sizes import SIZES
from estate.store import EstateError
from estate.world import PATIENCE

app = typer.Typer(
    help="A simulated fulfilment network: databases, X12 files, APIs of the carriers and the WMS.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Home = Annotated[
    Path, typer.Option(envvar="ESTATE_HOME", help="Folder of the estate.", show_default=True)
]
HERE = Path(os.environ.get("CROSSDOCK_HOME", ".crossdock")) / "estate"


def _say(line: str) -> None:
    typer.echo(line)


@app.command()
def create(
    home: Home = HERE,
    size: Annotated[str, typer.Option(help=f"One of {', '.join(SIZES)}.")] = "small",
    orders: Annotated[int | None, typer.Option(help="Orders over all the days.")] = None,
    days: Annotated[int | None, typer.Option(help="Days to simulate.")] = None,
    products: Annotated[int | None, typer.Option(help="Articles.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same world.")] = 7,
    erp_url: Annotated[str | None, typer.Option(help="SQLAlchemy URL; default SQLite.")] = None,
    wms_url: Annotated[str | None, typer.Option(help="SQLAlchemy URL; default SQLite.")] = None,
    shop_url: Annotated[str | None, typer.Option(help="SQLAlchemy URL; default SQLite.")] = None,
    wild: Annotated[bool, typer.Option("--wild", help="Leave WMS items without GTIN.")] = False,
    led: Annotated[bool, typer.Option("--led", help="Lead it from then on: see `lead`.")] = False,
) -> None:
    """Make a network and play its first days; orders, days and products override the size's.

    Example: estate create --home /tmp/estate --size small --orders 500 --days 5
    """
    estate = Estate.create(
        home,
        seed=seed,
        size=size,
        orders=orders,
        days=days,
        products=products,
        erp_url=erp_url,
        wms_url=wms_url,
        shop_url=shop_url,
        wild=wild,
        led=led,
    )
    _report(estate)


@app.command()
def advance(
    home: Home = HERE, days: Annotated[int, typer.Option(help="Days to play.")] = 1
) -> None:
    """Play further days.

    Example: estate advance --home /tmp/estate --days 2
    """
    estate = Estate.open(home)
    estate.advance(days)
    _report(estate)


@app.command()
def lead(
    home: Home = HERE,
    off: Annotated[bool, typer.Option("--off", help="Let it decide by itself again.")] = False,
    patience: Annotated[
        int, typer.Option(help="Days after which it helps itself where nobody asked.")
    ] = PATIENCE,
    never: Annotated[bool, typer.Option("--never", help="Never let it help itself.")] = False,
) -> None:
    """Let nodes do what the WMS's API and the hub's 940s ask for, not what the own policy says.

    Example: estate lead --home /tmp/estate --patience 3
    """
    estate = Estate.open(home)
    estate.lead(not off, None if never else patience)
    _report(estate)


@app.command()
def serve(
    home: Home = HERE,
    port: Annotated[int, typer.Option(help="Port on loopback; 0 takes a free one.")] = 8025,
    api_key: Annotated[str, typer.Option(envvar="ESTATE_API_KEY", show_envvar=True)] = DEMO_KEY,
    wms_key: Annotated[str, typer.Option(envvar="ESTATE_WMS_KEY", show_envvar=True)] = DEMO_WMS_KEY,
    throttle_every: Annotated[int, typer.Option(help="429 every so many requests; 0 never.")] = 25,
    fail_every: Annotated[int, typer.Option(help="503 every so many requests; 0 never.")] = 40,
    lose_every: Annotated[
        int, typer.Option(help="503 for what the WMS has done, every so many; 0 never.")
    ] = 0,
) -> None:
    """Serve the carriers' and the WMS's API until interrupted; they follow `advance` meanwhile.

    Example: estate serve --home /tmp/estate --port 8025
    """
    estate = Estate.open(home)
    options = {
        "api_key": api_key, "wms_key": wms_key, "throttle_every": throttle_every,
        "fail_every": fail_every, "lose_every": lose_every,
    }  # fmt: skip
    with estate.serve(port, **options) as url, suppress(KeyboardInterrupt):
        _say(f"WMS's API: {wms_api_url(url)}")
        _say(f"Carriers' API: {url} (end with Ctrl-C)")
        while True:
            time.sleep(3600)


@app.command()
def inject(
    fault: Annotated[str, typer.Argument(help=f"One of {', '.join(FAULTS)}.")], home: Home = HERE
) -> None:
    """Break something in what the sources show.

    Example: estate inject case_flip --home /tmp/estate
    """
    estate = Estate.open(home)
    estate.inject(fault)
    _say(f"Injected {fault}: {estate.faults()[fault]}")


@app.command()
def clear(home: Home = HERE) -> None:
    """Mend every fault.

    Example: estate clear --home /tmp/estate
    """
    estate = Estate.open(home)
    mended = ", ".join(estate.active_faults) or "nothing, there was no fault"
    estate.clear()
    _say(f"Mended: {mended}.")


@app.command()
def truth(
    table: Annotated[str | None, typer.Argument(help="One table; all without it.")] = None,
    home: Home = HERE,
) -> None:
    """Print the true state as JSON lines, each with its table.

    Example: estate truth stock --home /tmp/estate
    """
    tables = Estate.open(home).truth()
    if table is not None and table not in tables:
        raise EstateError(f"Truth has no table '{table}'. It has: {', '.join(tables)}.")
    for name, rows in tables.items():
        if table in (None, name):
            for row in rows:
                _say(json.dumps({"table": name, **row}, default=str))


@app.command()
def status(home: Home = HERE) -> None:
    """Say where the estate stands and what can be broken.

    Example: estate status --home /tmp/estate
    """
    estate = Estate.open(home)
    _report(estate)
    for name, line in estate.faults().items():
        _say(f"  {'*' if name in estate.active_faults else ' '} {name}: {line}")


def _report(estate: Estate) -> None:
    _say(f"ERP   {estate.shown_url('erp')}")
    _say(f"WMS   {estate.shown_url('wms')}")
    _say(f"Shop  {estate.shown_url('shop')}")
    _say(f"Files {estate.drop_folder}")
    if estate.is_led:
        _say(f"Led: nodes do what they are asked for; {_patience(estate)}.")
    _say(f"Day {estate.day} closed at {estate.now:%Y-%m-%d %H:%M} UTC.")


def _patience(estate: Estate) -> str:
    if estate.patience is None:
        return "what nobody asks for stays open"
    return f"what is open {estate.patience} days after it was placed, the own policy takes"


def main() -> None:
    """Run the command; a problem that a person can mend is one line, not a traceback."""
    try:
        app()
    except EstateError as problem:
        _fail(str(problem))
    except SQLAlchemyError as problem:
        # Its text may repeat rows, and a driver's the URL.
        _fail(f"a database refused or did not answer ({type(problem).__name__}). Check its URL.")


def _fail(line: str) -> NoReturn:
    typer.echo(f"estate: {line}", err=True)
    raise SystemExit(1) from None


if __name__ == "__main__":
    main()
