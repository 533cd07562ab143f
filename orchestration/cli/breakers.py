"""breakers: what is stopped, since when and why; stop or free it."""

import getpass
from typing import Annotated

import typer
from rich.markup import escape

from orchestration.cli import app, err, out
from orchestration.cli.fitting import Column, fit

Scope = Annotated[str, typer.Argument(help="Such as job:source_orders, node:NJ01, carrier:UPS.")]
By = Annotated[str, typer.Option(help="Who; your login if not said.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the breaker.")]

breakers = typer.Typer(
    help="What is stopped, since when and why; stop it or free it.\n\n"
    "Example: `crossdock breakers`",
    invoke_without_command=True,
)
app.add_typer(breakers, name="breakers")


@breakers.callback()
def listed(context: typer.Context) -> None:
    """List the breakers of jobs, systems, nodes and carriers that anything was heard of.

    Example: `crossdock breakers`
    """
    if context.invoked_subcommand is not None:
        return
    from orchestration.acting import breakers as kept
    from orchestration.hub import Hub

    with Hub.open().lake.connect(read_only=True) as con:
        found = sorted(kept.listed(con), key=lambda one: (one.state == "closed", one.scope))
    if not found:
        out.print("Nothing was sent yet; every breaker is closed.")
        return
    columns = [
        Column("scope", [one.scope for one in found], is_number=False),
        Column("it is", [one.state for one in found], is_number=False),
        Column(
            "since",
            [f"{one.since:%m-%d %H:%M}" if one.since else "" for one in found],
            2,
            is_number=False,
        ),
        Column("failed of last", [_recent(one.recent) for one in found], 3),
        Column("why", [one.reason or "" for one in found], 1, is_number=False),
    ]
    table, _ = fit(columns, out.width)
    out.print(table)


@breakers.command("open")
def stop(scope: Scope, reason: Reason, by: By = "") -> None:
    """Stop whatever is sent through a scope, until somebody closes it or probes are clean.

    Example: `crossdock breakers open node:NJ01 --reason "power cut"`
    """
    _turn(scope, by, reason, is_open=True)


@breakers.command("close")
def free(scope: Scope, reason: Reason, by: By = "") -> None:
    """Let actions through again.

    Example: `crossdock breakers close node:NJ01 --reason "power is back"`
    """
    _turn(scope, by, reason, is_open=False)


def _turn(scope: str, by: str, reason: str, *, is_open: bool) -> None:
    from contracts import CrossdockError
    from decisions import DecisionError
    from decisions.policies import Policies
    from orchestration.acting import breakers as kept
    from orchestration.acting.policies import policies
    from orchestration.acting.watch import watch
    from orchestration.hub import Hub

    hub = Hub.open()
    who = by or getpass.getuser()
    try:
        terms = policies(hub.settings)
    except (CrossdockError, DecisionError) as error:  # a stop is a stop, whatever else is wrong
        err.print(f"{escape(str(error))} Nothing is sent until that is mended.")
        terms = Policies()
    kept.turn(hub, terms, scope, is_open=is_open, by=who, reason=reason)
    watch(hub)
    said = "open: nothing is sent through it until you close it" if is_open else "closed"
    out.print(f"{escape(scope)} is {said}.")


def _recent(recent: str) -> str:
    return f"{recent.count('0')} of {len(recent)}" if recent else ""
