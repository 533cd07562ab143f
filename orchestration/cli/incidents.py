"""incidents: what is broken now, who was told, and what somebody does about it."""

import getpass
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from contracts import CrossdockError
from orchestration.cli import app, out
from orchestration.cli.fitting import Column, fit
from orchestration.cli.wording import clocks
from orchestration.hub import Hub
from orchestration.incidents import ACTING, RUN, Change, Incident

_ID = typer.Argument(metavar="INCIDENT", help="Its id, or the first characters of it.")
_BY = typer.Option(help="Who; your login if not said.")
_SHOWN = 50
_LONGEST = 24 * 31  # hours: who wants longer changes the contract

incidents = typer.Typer(
    help="What is broken now; take it up, or silence it for a time.\n\n"
    "Example: `crossdock incidents`",
    invoke_without_command=True,
)
app.add_typer(incidents, name="incidents")


@incidents.callback()
def listed(
    context: typer.Context,
    is_all: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
) -> None:
    """List what is broken now, one line a cause; show, ack, snooze.

    Incidents open when a contract breaks or a step fails, and end by themselves when it holds
    again. Example: `crossdock incidents`
    """
    if context.invoked_subcommand is not None:
        return
    from orchestration import incident_store

    hub = Hub.open()
    with hub.lake.connect(read_only=True) as con:
        found = incident_store.listed(con) if is_all else incident_store.standing(con)
    if not found:
        out.print("Nothing is broken.")
        return
    shown = sorted(found[-_SHOWN:], key=lambda one: (one.severity != "error", one.since))
    columns = [
        Column("incident", [one.incident_id for one in shown], is_number=False),
        Column("table", [one.dataset for one in shown], is_number=False),
        Column("rule", [_rule(one) for one in shown], is_number=False),
        Column("it is", [_state(one) for one in shown], 1, is_number=False),
        Column("rows", ["" if one.failing is None else f"{one.failing:,}" for one in shown], 2),
        Column("since (UTC)", [f"{one.since:%m-%d %H:%M}" for one in shown], 3, is_number=False),
        Column("owner", [one.owner for one in shown], 4, is_number=False),
    ]
    out.print(fit(columns, out.width, [_style(one) for one in shown])[0])
    out.print("`crossdock incidents show INCIDENT` tells what to do and who was told.")
    _say_clocks(hub)


@incidents.command()
def show(name: Annotated[str, _ID]) -> None:
    """Show an incident: what broke, what waits for it, what happened to it, who was told.

    Example: `crossdock incidents show 1f3a`
    """
    from orchestration import alert_outbox, incident_store, telling
    from orchestration.cli import incident_view

    hub = Hub.open()
    one = _find(hub, name)
    with hub.lake.connect(read_only=True) as con:
        entries = incident_store.history(con, one, datetime.now(UTC))
        earlier = incident_store.before(con, one)
    out.print(f"[bold]{one.incident_id}[/] {one.severity}, {_state(one)}: {one.dataset} {one.rule}")
    out.print(escape(one.message.partition(" Owner: ")[0]))
    told = one.by in (entry.by for entry in entries)
    times = "once" if one.times == 1 else f"{one.times} times"
    lines = {
        "what to do": one.mend if not one.resolved_at else "",
        "owner": f"{one.owner} ({one.channel})",
        "source fields": ", ".join(telling.source_fields(hub, one)),
        "since": f"{one.since:%Y-%m-%d %H:%M} UTC, found {times}",
        "resolved": f"{one.resolved_at:%Y-%m-%d %H:%M} UTC" if one.resolved_at else "",
        "waits for it": ", ".join(telling.blocked(hub, one)) if not one.resolved_at else "",
        "downstream": ", ".join(one.echoes),
        "broke before": incident_view.earlier(earlier),
        # Of an incident that is older than its history.
        "note": "" if told else " ".join(filter(None, [one.by and f"{one.by}:", one.note])),
    }
    table = Table(show_header=False, box=None)
    for label, said in lines.items():
        if said:
            table.add_row(f"[bold]{label}[/]", escape(said))
    for line in incident_view.history(entries):
        table.add_row("[bold]history[/]", escape(line))
    for line in alert_outbox.history(hub, one.incident_id):
        table.add_row("[bold]told[/]", escape(line))
    out.print(table)
    _say_clocks(hub)


@incidents.command()
def rows(
    name: Annotated[str, _ID],
    form: Annotated[
        Literal["table", "csv", "json"], typer.Option("--format", help="How rows are printed.")
    ] = "table",
) -> None:
    """List every row that breaks the rule now: its key and what is wrong, personal data redacted.

    Example: `crossdock incidents rows 1f3a --format csv`
    """
    import contracts
    from contracts.breaking import breaking
    from orchestration.cli.query import printed

    hub = Hub.open()
    one = _find(hub, name)
    if one.contract == RUN:
        raise CrossdockError(f"{one.rule} is a step that failed, not a rule: there are no rows.")
    if one.contract == ACTING:
        verb = "breakers" if one.dataset == "breaker" else "checkpoints"
        raise CrossdockError(f"{one.rule} has no rows: `crossdock {verb}` tells more.")
    table = one.dataset.partition(".")[2]
    with hub.lake.connect(read_only=True) as con:
        found = breaking(
            con, contracts.read(one.contract), table, one.rule, now=hub.settings.clock()
        )
    columns = list(found[0]) if found else []
    printed(columns, [tuple(row.values()) for row in found], one.dataset, form)


@incidents.command()
def ack(
    name: Annotated[str, _ID],
    note: Annotated[str | None, typer.Option(help="What is being done.")] = None,
    by: Annotated[str | None, _BY] = None,
) -> None:
    """Say that somebody is at it; it ends by itself when it holds again.

    Example: `crossdock incidents ack 1f3a --note "asked the WMS team"`
    """
    from orchestration.incidents import acknowledged

    now = datetime.now(UTC)
    one = _kept(name, lambda found: acknowledged(found, by or getpass.getuser(), note), now)
    out.print(f"{one.incident_id} is acknowledged by {one.by}.")


@incidents.command()
def snooze(
    name: Annotated[str, _ID],
    hours: Annotated[float, typer.Option(min=0, max=_LONGEST, help="How long; 0 ends it.")] = 24,
    note: Annotated[str | None, typer.Option(help="Why.")] = None,
    by: Annotated[str | None, _BY] = None,
) -> None:
    """Silence an incident for a time; still broken then, it is told again. It goes on blocking.

    Example: `crossdock incidents snooze 1f3a --hours 4`
    """
    from orchestration.incidents import snoozed

    now = datetime.now(UTC)
    until = now + timedelta(hours=hours)

    def silenced(found: Incident) -> Incident:
        if not hours and found.status != "snoozed":
            raise CrossdockError(f"Incident {found.incident_id} is not silent: nothing to end.")
        return snoozed(found, by or getpass.getuser(), until, note)

    one = _kept(name, silenced, now)
    if hours:
        out.print(f"{one.incident_id} is silent until {until:%Y-%m-%d %H:%M} UTC.")
    else:
        out.print(f"{one.incident_id} is silent no more; still broken, it is told again.")


def _kept(name: str, what: Callable[[Incident], Incident], now: datetime) -> Incident:
    from orchestration import incident_store

    hub = Hub.open()
    named = _find(hub, name).incident_id
    made: list[Incident] = []

    def change(standing: list[Incident]) -> list[Change]:
        made.extend(what(one) for one in standing if one.incident_id == named)
        return [Change(one) for one in made]

    incident_store.change(hub, change, now, "change an incident")
    if not made:
        raise CrossdockError(f"Incident {named} is resolved already.")
    return made[0]


def _find(hub: Hub, name: str) -> Incident:
    from orchestration import incident_store

    with hub.lake.connect(read_only=True) as con:
        found = incident_store.listed(con, "? <> '' and starts_with(incident_id, ?)", [name, name])
        known = [one.incident_id for one in incident_store.standing(con)]
    if len(found) != 1:
        problem = "is no incident" if not found else "is the start of several incidents"
        raise CrossdockError(f"'{name}' {problem}. Open are: {', '.join(known) or 'none'}.")
    return found[0]


def _say_clocks(hub: Hub) -> None:
    if (said := clocks(hub.settings)) is not None:
        out.print(said, style="dim")


def _rule(one: Incident) -> str:
    """Return the rule's name without its table's, which stands beside it."""
    return one.rule.removeprefix(f"{one.dataset.partition('.')[2]}.")


def _style(one: Incident) -> str:
    if one.status == "resolved":
        return "dim"
    return "red" if one.severity == "error" else "yellow"


def _state(one: Incident) -> str:
    if one.status == "snoozed" and one.snoozed_until is not None:
        if one.snoozed_until <= datetime.now(UTC):
            return "open, its silence is over"
        return f"silent until {one.snoozed_until:%m-%d %H:%M}"
    taken = f"{one.status} by {one.by}" if one.status == "acknowledged" else one.status
    return taken if one.severity == "error" or one.status == "resolved" else f"{taken}, a warning"
