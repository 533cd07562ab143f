"""What a person reads when a command has ended: tables of what came in, what held, what follows."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Any

import dagster as dg
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from orchestration import judging
from orchestration.hub import Hub
from orchestration.running import Ended, Step

_DECISION = "decisions__"
_COUNTS = ("emitted", "inserted", "updated", "duplicate", "quarantined")
_SAID = {
    "passed": "passed",
    "warned": "warned",
    "failed": "failed",
    "not_evaluated": "not evaluated",
}


def of_step(step: Step) -> str:
    """Return one phrase for a step that ended."""
    broken = sorted({"/".join(check.asset_key.path) for check in step.unpassed()})
    if step.name.startswith("check_") and broken:
        return f"broken: {', '.join(broken)}"
    if step.error:
        return shorten(step.error, 100, placeholder=" …")
    made = [e for e in step.events if e.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION]
    if step.name.startswith("pull_"):
        counts = _counts(made)
        return f"{counts['emitted']:,} records, {counts['quarantined']:,} quarantined"
    checked = [e for e in step.events if e.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION]
    match step.name.partition("_")[0]:
        case "judge":
            metadata = made[0].step_materialization_data.materialization.metadata if made else {}
            return f"{metadata['rules'].value:,} rules judged" if "rules" in metadata else "judged"
        case "check":
            return f"{len(checked)} checks passed"
        case "publish":
            return "cut, but not for readers" if broken else "published"
        case "gate":
            return "open"
        case "outbox":
            metadata = made[0].step_materialization_data.materialization.metadata
            return f"{metadata['sent'].value:,} actions sent, {metadata['waiting'].value:,} wait"
    return "decided" if len(made) == 1 else f"{len(made)} tables built"


def of_run(hub: Hub, job: str, ended: Ended, out: Console) -> None:
    """Print the account of a job: sources, contracts, release, decisions, as far as it came."""
    pulled = [step for step in ended.steps if step.name.startswith("pull_")]
    if pulled:
        out.print(_sources(pulled))
    if job in {"run", "check"} and any(step.name.startswith("judge_") for step in ended.steps):
        from orchestration.cli import verdict_view

        ran = {step.name.removeprefix("judge_") for step in ended.steps}
        layers = {name: rows for name, rows in judging.newest(hub).items() if name in ran and rows}
        verdicts = [row for rows in layers.values() for row in rows]
        for layer, rows in layers.items():
            out.print(verdict_view.line(layer, rows), soft_wrap=True)
        if (unpassed := verdict_view.unpassed(verdicts, out.width)) is not None:
            out.print(unpassed)
        for panel in broken(hub, verdicts):
            out.print(panel)
    if job in {"run", "release"}:
        out.print(release_line(hub))
    decided = [step.name.removeprefix(_DECISION) for step in ended.steps if _is_decision(step)]
    if job in {"run", "decide"} and decided:
        from orchestration.cli import acting_view
        from orchestration.cli.decisions_view import summary

        out.print(summary(hub, sorted(decided)))
        with hub.lake.connect(read_only=True) as con:
            for line in acting_view.lines(con):
                out.print(line)


def _is_decision(step: Step) -> bool:
    return step.name.startswith(_DECISION) and step.error is None


def _counts(events: Sequence[dg.DagsterEvent]) -> dict[str, int]:
    total = dict.fromkeys(_COUNTS, 0)
    for event in events:
        metadata = event.step_materialization_data.materialization.metadata
        for name in _COUNTS:
            value = metadata.get(name)
            total[name] += int(str(value.value)) if value is not None else 0
    return total


def _sources(steps: Sequence[Step]) -> Table:
    table = Table(title="Pulled", title_justify="left")
    table.add_column("source")
    for name in ("records", "new", "changed", "known already", "quarantined"):
        table.add_column(name, justify="right")
    for step in steps:
        made = [e for e in step.events if e.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION]
        counts = _counts(made)
        cells = [f"{counts[name]:,}" for name in _COUNTS] if made else ["failed", *[""] * 4]
        table.add_row(step.name.removeprefix("pull_"), *cells)
    return table


def contracts_table(verdicts: Sequence[Mapping[str, Any]]) -> Table:
    """Return how many rules held, by contract."""
    table = Table(title="Contracts", title_justify="left")
    for name in ("contract", "owner", "rules"):
        table.add_column(name)
    by_contract: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in verdicts:
        warned = row["status"] != "passed" and row["severity"] != "error"
        by_contract[row["contract"], row["owner"]]["warned" if warned else row["status"]] += 1
    for (contract, owner), counts in sorted(by_contract.items()):
        held = ", ".join(f"{counts[name]} {said}" for name, said in _SAID.items() if counts[name])
        blocked = counts["failed"] + counts["not_evaluated"]
        table.add_row(contract, owner, held, style="red" if blocked else None)
    return table


def broken(hub: Hub, verdicts: Sequence[Mapping[str, Any]]) -> list[Panel]:
    """Return a panel for each rule that blocks: what broke, whose it is, the mend, the source."""
    from orchestration.source_fields import source_fields

    return [
        Panel(
            f"{escape(row['message'])}\n"
            f"[bold]source field[/]  {source_fields(hub, row['dataset'], row['column'])}",
            title=f"[bold red]contract broken[/]: {row['dataset']} {row['rule']}",
            title_align="left",
        )
        for row in verdicts
        if row["status"] != "passed" and row["severity"] == "error"
    ]


def release_line(hub: Hub) -> str:
    """Return one line on the current release."""
    release = hub.releases.current()
    if release is None:
        return "[bold]Release[/] none yet"
    line = (
        f"[bold]Release[/] {release.release_id}, as of {release.published_at:%Y-%m-%d %H:%M} UTC, "
        f"{sum(release.tables.values()):,} rows in {len(release.tables)} tables, "
        f"{release.orphans:,} orphans"
    )
    after = hub.releases.withdrawn_after(release)
    if after is not None and after.withdrawn is not None:
        line += (
            f"\n[yellow]{after.release_id} after it was withdrawn by {escape(after.withdrawn.by)}: "
            f"{escape(after.withdrawn.why)}.[/]"
        )
    if release.aged is not None:
        line += (
            f"\n[yellow]It is the last good release, aged: a newer candidate failed "
            f"({release.aged.reason}). Jobs that stand on what failed do not start; "
            "`crossdock gate` tells which.[/]"
        )
    return line
