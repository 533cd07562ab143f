"""status: what the hub holds now, and whether decisions may start."""

from collections import Counter
from textwrap import shorten
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from orchestration.cli import app, out


@app.command()
def status(
    is_all: Annotated[
        bool, typer.Option("--all", help="A line of each contract, also of those that passed.")
    ] = False,
) -> None:
    """Show sources, contracts, open tasks, release, gates and what is broken.

    Of the contracts' tables only those of which a rule did not pass are listed.

    Example: `crossdock status --all`
    """
    import contracts
    import decisions
    from orchestration import account, apart, incident_store, judging, stewarding
    from orchestration.cli import acting_view, gate, verdict_view, wording
    from orchestration.gate import standing
    from orchestration.hub import Hub
    from orchestration.jobs import source_groups
    from warehouse import accounts, held

    hub = Hub.open()
    table = Table(title="Sources", title_justify="left")
    table.add_column("source")
    table.add_column("last pull")
    for name in ("records so far", "new", "in quarantine now"):
        table.add_column(name, justify="right")
    with hub.lake.connect(read_only=True) as con:
        landed, units = accounts.runs(con), Counter[str]()
        broken = incident_store.standing(con)
        for group in held.groups(con, held.Choice()):
            units[group.source] += group.open
        apart_rows = sum(group.rows for group in apart.groups(con, contracts.read_all("sources")))
        tasks = stewarding.tasks(con)
        states = stewarding.answered(con, tasks)
        acted = list(acting_view.lines(con))
    for name in source_groups():
        runs = [run for run in landed if run.source == name]
        if not runs:
            table.add_row(name, "never", "", "", "")
            continue
        table.add_row(
            name,
            f"{runs[0].committed_at:%Y-%m-%d %H:%M} UTC",
            f"{sum(run.loaded for run in runs) + units[name]:,}",
            f"{sum(run.inserted for run in runs):,}",
            f"{units[name]:,}",
        )
    out.print(table)
    if units:
        out.print(
            f"Held back: {wording.units(units.total())}; `crossdock quarantine list` says why."
        )
    if apart_rows:
        out.print(
            f"Rows held apart by their contracts: {apart_rows:,}; `crossdock quarantine rows`."
        )
    layers = {layer: rows for layer, rows in judging.newest(hub).items() if rows}
    if verdicts := [row for rows in layers.values() for row in rows]:
        if is_all:
            out.print(account.contracts_table(verdicts))
        else:
            out.print("[bold]Contracts[/]")
            for layer, rows in layers.items():
                out.print(verdict_view.line(layer, rows), markup=False)
            if (unpassed := verdict_view.unpassed(verdicts, out.width)) is not None:
                out.print(unpassed)
        for panel in account.broken(hub, verdicts):
            out.print(panel)
        if unfed := [c.name for c in hub.contracts("canonical") if not c.table(c.name).fed]:
            out.print(f"Empty, no source feeds it yet: {', '.join(unfed)}")
    if tasks:
        waiting = sum(state == stewarding.WAITS for state in states.values())
        of_them = f", {waiting:,} of them answered: `crossdock unify`" if waiting else ""
        out.print(
            f"[bold]Open tasks[/] {len(tasks):,}{of_them}; `crossdock tasks list` shows them."
        )
    out.print(account.release_line(hub))
    for job in sorted(decisions.jobs()):
        now = standing(hub, job)
        why = [escape(shorten(reason, 160, placeholder=" …")) for reason in now.reasons[:1]]
        out.print(" ".join([gate.line(now), *why]))
    for line in acted:
        out.print(line)
    if broken:
        errors = sum(one.severity == "error" for one in broken)
        out.print(
            f"[bold]Incidents[/] errors {errors}, warnings {len(broken) - errors}, since "
            f"{broken[0].since:%Y-%m-%d %H:%M} UTC; `crossdock incidents` lists them."
        )
    if (said := wording.clocks(hub.settings)) is not None:
        out.print(said, style="dim")
