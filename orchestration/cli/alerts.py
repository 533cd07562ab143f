"""alerts: who is told when something breaks, and whether it reaches them."""

import difflib
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from orchestration.cli import app, out

if TYPE_CHECKING:
    from contracts import Contract
    from orchestration.alerts.alert import Alert
    from orchestration.alerts.routes import Routes
    from orchestration.alerts.targets import Target
    from orchestration.settings import Settings

alerts = typer.Typer(
    help="See who is told when something breaks, and try it out.\n\n"
    "Example: `crossdock alerts channels`",
    no_args_is_help=True,
)
app.add_typer(alerts, name="alerts")


@alerts.command()
def channels() -> None:
    """Show the targets in channels.yaml, and the contracts' channels that have none of their own.

    Example: `crossdock alerts channels`
    """
    from orchestration.alerts.routes import routes
    from orchestration.settings import load

    settings = load()
    found = routes(settings)
    table = Table(title="Targets", title_justify="left")
    for heading in ("channel", "kind", "key", "state"):
        table.add_column(heading, overflow="fold")
    every = _contracts(settings)
    known = {"default", *(c.channel for c in every), *(c.owner for c in every)}
    known |= {settings.operator, f"#{settings.operator}"}  # who hear of a run that fails
    for target in found:
        name = target.key.rsplit("/", 2)[0]
        state = "; ".join(filter(None, [_state(target), _unknown(name, known)]))
        table.add_row(*map(escape, (name, target.kind, target.key, state)))
    if table.row_count:
        out.print(table)
    else:
        out.print(
            f"No target: write {settings.channels} (orchestration/ALERTS.md shows how), or set "
            "CROSSDOCK_ALERT_WEBHOOK.",
            markup=False,
        )
    unheard = _fallen(found, every)
    if unheard:
        out.print(
            f"[yellow]{len(unheard)} channels of contracts reach nobody:[/] "
            f"{escape(', '.join(unheard))}"
        )
    else:
        out.print("Every contract's channel reaches somebody; `crossdock alerts test` tries it.")


@alerts.command()
def test(
    channel: Annotated[
        str | None,
        typer.Argument(help="A channel or an owner; every target when left out."),
    ] = None,
) -> None:
    """Send an alert that says it is a test, and tell what each target made of it.

    Example: `crossdock alerts test "#wms-operations"`
    """
    from orchestration.alerts.routes import routes
    from orchestration.alerts.senders import NotDelivered, deliver
    from orchestration.settings import load

    settings = load()
    found = routes(settings)
    targets = _chosen(found, channel, settings)
    alert = _alert(channel or "every channel", settings)
    failed = 0
    for target in targets:
        try:
            deliver(alert, target)
        except NotDelivered as refused:
            failed += 1
            out.print(f"{escape(target.key)}: [red]not delivered.[/] {escape(refused.reason)}")
        else:
            out.print(f"{escape(target.key)}: [green]delivered[/]")
    out.print(f"{len(targets) - failed} of {len(targets)} targets took the test alert {alert.id}.")
    if failed:
        raise typer.Exit(1)


def _chosen(found: "Routes", channel: str | None, settings: "Settings") -> "tuple[Target, ...]":
    from contracts.document import choices
    from orchestration.alerts.targets import RoutesError

    if channel is None:
        targets = tuple(found)
    else:
        every = _contracts(settings)
        owners = {c.channel: c.owner for c in every}
        channels_of = {c.owner: c.channel for c in every}
        known = {*found.by_name, *owners, *channels_of}
        if channel not in known:
            raise RoutesError(
                f"'{channel}' is no channel or owner. {choices(channel, sorted(known))}"
            )
        # An owner's alerts go to the channel of the contract first.
        targets = found.to(channels_of.get(channel, channel), owners.get(channel, channel))
    if not targets:
        raise RoutesError(
            f"Nobody is told: {channel or 'nothing'} has a target, nor is there a default. "
            f"Write {settings.channels}, or set CROSSDOCK_ALERT_WEBHOOK."
        )
    return targets


def _alert(channel: str, settings: "Settings") -> "Alert":
    from orchestration.alerts.alert import Alert

    ident = f"test-{uuid.uuid4().hex[:8]}"
    return Alert(
        id=ident,
        incident=ident,
        event="opened",
        severity="warning",
        title="TEST, nothing is broken",
        what=f"This is a test of alerts to {channel}, sent by `crossdock alerts test`. "
        "Nothing is broken.",
        dataset="none",
        rule="none",
        owner="whoever sent the test",
        channel=channel,
        system="crossdock",
        since=settings.clock(),
        mend="Nothing: it arrived.",
        occurred_at=settings.clock(),
    )


def _contracts(settings: "Settings") -> "tuple[Contract, ...]":
    from orchestration.hub import Hub

    hub = Hub(settings)  # not opened: who is told does not depend on a lake
    return (*hub.contracts(), *hub.contracts("decisions"))


def _state(target: "Target") -> str:
    """Say whether its settings can be used, without showing them."""
    from contracts import CrossdockError

    try:
        target.filled()
    except CrossdockError as error:
        return str(error).removeprefix(target.where).lstrip(".: ")
    return "ready"


def _unknown(name: str, known: set[str]) -> str:
    """Say that nothing goes to a channel; nothing of one that a contract names, or its owner's."""
    if name in known:
        return ""
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return "no contract names it" + (f": did you mean '{near[0]}'?" if near else "")


def _fallen(found: "Routes", every: "Sequence[Contract]") -> list[str]:
    """Print which channels of contracts have no target of their own; return what nobody hears."""
    by_channel: dict[str, list[Contract]] = {}
    for contract in every:
        by_channel.setdefault(contract.channel, []).append(contract)
    table = Table(title="Channels of contracts without targets of their own", title_justify="left")
    for heading in ("channel", "owner", "contracts", "told"):
        table.add_column(heading, overflow="fold")
    unheard = []
    for channel, those in sorted(by_channel.items()):
        fallen = [c for c in those if not {c.channel, c.owner} & set(found.by_name)]
        if not fallen:
            continue
        if not found.default:
            unheard.append(channel)
        keys = ", ".join(c.key for c in fallen[:3])
        more = f" and {len(fallen) - 3} more" if len(fallen) > 3 else ""
        owners = ", ".join(sorted({c.owner for c in fallen}))
        told = "default" if found.default else "nobody"
        table.add_row(*map(escape, (channel, owners, keys + more, told)))
    if table.row_count:
        out.print(table)
    return unheard
