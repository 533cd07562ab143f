"""gate: may a decision job start, and if not, what must be mended."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.padding import Padding

from orchestration.cli import app, logged, out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestration.gate import Standing
    from orchestration.hub import Hub


@app.command()
def gate(
    job: Annotated[str | None, typer.Argument(help="A job; all when left out.")] = None,
    is_all: Annotated[
        bool, typer.Option("--all", help="Name every table that a job stands on.")
    ] = False,
) -> None:
    """Say which decision jobs may start, on which snapshot, and what holds the others.

    A job is held by a broken rule only if the rule is on a column that the job reads, or on one
    upstream of it. A gate that cannot judge holds its job too, and is an incident until it can.
    Exit code 1 if one is held.

    Example: `crossdock gate source_orders`
    """
    import decisions
    from orchestration.gate import standing
    from orchestration.lake_watch import open_hub
    from orchestration.step_errors import ours

    hub = open_hub()
    found = [standing(hub, name) for name in ([job] if job else sorted(decisions.jobs()))]
    for one in found:
        out.print(line(one), soft_wrap=True)
        for reason in one.reasons:
            out.print(Padding(escape(reason), (0, 0, 0, 2)))
        if one.unanswered is not None and ours(one.unanswered) is None:
            out.print(f"  All of it is in {logged(one.unanswered)}.", markup=False, soft_wrap=True)
        if one.upstream is not None:
            sources = sorted(t for t in one.upstream.tables if not _is_ours(t))
            listed = ", ".join(sources) if is_all else "--all names them"
            said = (
                f"It stands on {len(one.upstream.fields):,} fields of {len(one.upstream.tables)} "
                f"tables, {len(sources)} of them of sources: {listed}."
            )
            out.print(Padding(said, (0, 0, 0, 2)))
        for verdict in one.unreached:
            out.print(f"  Broken, but not under it: {verdict['dataset']} {verdict['rule']}")
    _note(hub, found)
    if not all(one.is_open for one in found):
        raise typer.Exit(1)


def _note(hub: "Hub", found: "Sequence[Standing]") -> None:
    """Keep which gates could not judge, and tell whom it concerns: a script may be who asks."""
    from orchestration import run_incidents
    from orchestration.cli.tell import tell
    from orchestration.gate import refusal
    from orchestration.step_errors import GATE

    failed = {GATE + one.job: str(refusal(one)) for one in found if one.unanswered is not None}
    answered = [GATE + one.job for one in found if one.unanswered is None]
    if run_incidents.note(hub, "gate", failed, answered):
        tell(hub)


def line(one: "Standing") -> str:
    """Return one line on a job's gate."""
    if one.is_open and one.release is not None:
        where = "" if one.release.is_whole else ", a snapshot that readers do not see"
        return f"[bold]{one.job}[/] [green]may start[/] on {one.release.release_id}{where}"
    return f"[bold]{one.job}[/] [yellow]may not start[/]:"


def _is_ours(table: str) -> bool:
    return table.partition(".")[0] in {"staging", "intermediate", "canonical", "seeds"}
