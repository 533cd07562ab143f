"""run, pull, unify, check: each a Dagster job, with its progress and its account."""

from typing import Annotated

import typer

from contracts import CrossdockError
from orchestration.cli import app, out
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
        list[str] | None,
        typer.Argument(
            help="Names of sources; all when left out. With --anew one source, then the streams "
            "of it that are meant; all when left out.",
        ),
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Forget first how far the source was read.")
    ] = False,
) -> None:
    """Pull what is new from the sources into the lake.

    `crossdock pull SOURCE --anew [STREAMS]` forgets first how far the source was read, so that
    everything that it has is pulled again. No row is forgotten or deleted, also none that the
    source no longer has. A row equal to the one that landed leaves it as it is (duplicate); one
    that the source rewrote takes its place (updated). In an append-only stream it lands beside the
    first instead (inserted), since what a ledger once said is kept; the contract then tells of two
    rows under one key. Where the pull is stopped, the next one brings what is missing.

    Example: `crossdock pull erp wms`, `crossdock pull erp --anew stock stock_postings`
    """
    from orchestration.cli.work import work

    _refuse_demo_home()
    asked = sources or []
    if anew:
        asked = _forget(asked)
    work("pull", sources=asked)


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

    `crossdock contract docs` shows what was found, rule by rule, in a browser.

    Example: `crossdock check`
    """
    from orchestration.cli.work import work

    work("check")


def _forget(named: list[str]) -> list[str]:
    """Forget how far a source, the first that is named, was read; return it alone."""
    from orchestration import jobs, pulling
    from orchestration.hub import Hub
    from orchestration.sources import SourcesError

    if not named:
        raise SourcesError(
            "--anew pulls one source again: name it, like `crossdock pull erp --anew`."
        )
    source, *streams = named
    if source not in (known := jobs.source_groups()):
        raise SourcesError(f"There is no source '{source}'. There are: {', '.join(known)}.")
    gone = pulling.forget(Hub.open(), source, streams)
    said = f"of {', '.join(gone)}; all of it comes again." if gone else "nothing was remembered."
    out.print(f"Forgot how far {source} was read: {said}", markup=False, soft_wrap=True)
    return [source]


def _refuse_demo_home() -> None:
    """Keep real data out of the demo's lake, whose clock is simulated."""
    home = load().home
    if (home / DEMO).exists():
        raise CrossdockError(
            f"{home} is the home of the demo and its simulated clock. For the simulated network "
            "run `make demo`; for your own systems set CROSSDOCK_HOME to another folder."
        )
