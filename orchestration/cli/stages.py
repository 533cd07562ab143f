"""run, pull, unify, check: each a Dagster job, with its progress and its account."""

from typing import Annotated

import typer

from contracts import CrossdockError
from orchestration.cli import app
from orchestration.settings import load

DEMO = "estate/estate.json"


@app.command()
def run() -> None:
    """Do everything: pull, judge, unify, judge, release, decide.

    Example: `crossdock run`
    """
    from orchestration.cli.work import work

    _refuse_demo_home()
    work("run")


@app.command()
def pull(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Names of sources; all when left out.")
    ] = None,
) -> None:
    """Pull what is new from the sources into the lake.

    Example: `crossdock pull erp wms`
    """
    from orchestration.cli.work import work

    _refuse_demo_home()
    work("pull", sources=sources or [])


@app.command()
def unify() -> None:
    """Build the canonical tables from what was pulled.

    Example: `crossdock unify`
    """
    from orchestration.cli.work import work

    work("unify")


@app.command()
def check() -> None:
    """Hold sources, canonical tables and decisions against their contracts.

    Example: `crossdock check`
    """
    from orchestration.cli.work import work

    work("check")


def _refuse_demo_home() -> None:
    """Keep real data out of the demo's lake, whose clock is simulated."""
    home = load().home
    if (home / DEMO).exists():
        raise CrossdockError(
            f"{home} is the home of the demo and its simulated clock. For the simulated network "
            "run `make demo`; for your own systems set CROSSDOCK_HOME to another folder."
        )
