"""contract rehearse: what a changed contract would have found in the last days."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from orchestration.cli import err, out
from orchestration.cli.contract import contract

if TYPE_CHECKING:
    from contracts import Verdict


@contract.command()
def rehearse(
    since: Annotated[str, typer.Option(help="A git revision to compare with.")] = "HEAD",
    days: Annotated[float, typer.Option(min=0, help="How far back.")] = 7,
) -> None:
    """Judge changed contracts on what the lake held after the last days' builds; nothing is kept.

    Lists rules that end otherwise than at the git revision: the rows that they would hold, the
    decision jobs that they would stop, whose they are. Exit code 1 where one would keep a release
    from readers.

    Example: `crossdock contract rehearse --since main --days 3`
    """
    from contracts.revision import compare
    from orchestration.hub import Hub
    from orchestration.rehearsal import rehearse as held

    compared = compare(since)
    if not compared:
        out.print(f"Every contract says what it said at {since}.", markup=False)
        return
    pairs = [(pair.old, pair.new) for pair in compared]
    with err.status("rehearsing") as status:
        found = held(Hub.open(), pairs, days, status.update)
    table = Table("rule", "owner", "then", "now", "in builds", "rows", "would stop")
    for one in found.outcomes:
        told = one.verdict
        table.add_row(
            escape(f"{told.dataset} {told.rule}"),
            told.owner,
            "no rule" if one.was is None else one.was.status,
            _ends(one.now),
            f"{one.builds} of {len(found.builds)}",
            "" if told.failing is None else f"{told.failing:,}",
            ", ".join(("release", *one.jobs)) if one.would_block else "",
            style="red" if one.would_block else None,
        )
    if found.outcomes:
        out.print(table)
    for one in found.outcomes:
        if one.now is not None and one.now.status != "passed":
            out.print(escape(one.now.message), soft_wrap=True)
    blocking = sum(one.would_block for one in found.outcomes)
    out.print(
        f"Changed contracts: {len(compared)}, on builds: {len(found.builds)}. Rules that would end "
        f"otherwise: {len(found.outcomes)}, of them would block: {blocking}."
    )
    if blocking:
        raise typer.Exit(1)


def _ends(now: "Verdict | None") -> str:
    if now is None:
        return "no rule"
    is_apart = bool(now.held) and not now.blocks
    return "its rows held apart" if is_apart else f"{now.status}, {now.severity}"
