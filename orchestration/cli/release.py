"""release: cut what was judged; list, show, compare and take back what was cut."""

import getpass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from contracts import CrossdockError
from orchestration.cli import app, out

if TYPE_CHECKING:
    from warehouse.release import Release
    from warehouse.releases import Releases

_ID = "A release, or the start of its id; the one that readers see if not said."
_SHOWN = 20

release = typer.Typer(
    help="Cut what was judged; list, show, compare and take back releases.\n\n"
    "Example: `crossdock release`",
    invoke_without_command=True,
)
app.add_typer(release, name="release")


@release.callback()
def cut(context: typer.Context) -> None:
    """Cut what was judged: a release for readers, if every contract held.

    Otherwise readers stay where they are, and the snapshot is kept for the jobs that do not stand
    on what failed. Example: `crossdock release`
    """
    if context.invoked_subcommand is None:
        from orchestration.cli.work import work

        work("release")


@release.command("list")
def listed() -> None:
    """List the releases, newest first: what they hold and who may see them.

    Example: `crossdock release list`
    """
    releases = _releases()
    current = releases.current()
    table = Table()
    table.add_column("release", no_wrap=True)
    for name in ("published", "rows", "broken", "it is"):
        table.add_column(name)
    found = releases.list()
    for one in list(reversed(found))[:_SHOWN]:
        table.add_row(
            one.release_id,
            f"{one.published_at:%Y-%m-%d %H:%M}",
            f"{sum(one.tables.values()):,}",
            str(len(one.blocking)),
            _standing(one, current),
        )
    out.print(table)
    if any(not one.is_whole for one in found[-_SHOWN:]):
        out.print(
            "A partial one is for jobs that do not stand on what broke; readers never see it."
        )
    if len(found) > _SHOWN:
        out.print(f"and {len(found) - _SHOWN} older ones")


@release.command()
def show(name: Annotated[str | None, typer.Argument(metavar="RELEASE", help=_ID)] = None) -> None:
    """Show a release: its snapshot, how old its sources are, its rows and what broke.

    Example: `crossdock release show`
    """
    releases = _releases()
    one = _find(releases, name)
    out.print(f"[bold]{one.release_id}[/], {_standing(one, releases.current())}")
    out.print(
        f"published {one.published_at:%Y-%m-%d %H:%M} UTC of snapshot {one.snapshot_id}, "
        f"{one.orphans:,} orphans, {len(one.verdicts):,} rules judged"
    )
    if one.withdrawn is not None:
        out.print(
            f"withdrawn {one.withdrawn.at:%Y-%m-%d %H:%M} UTC by {escape(one.withdrawn.by)}: "
            f"{escape(one.withdrawn.why)}"
        )
    table = Table("source", "speaks of the world until", "contract")
    for source, mark in sorted(one.as_of_marks.items()):
        if "." in source:  # one promise of it
            continue
        version = one.contract_versions.get(f"sources/{source}", "")
        said = f"{datetime.fromisoformat(mark):%Y-%m-%d %H:%M} UTC" if mark else "unknown"
        table.add_row(source, said, version)
    out.print(table)
    rows = Table("table", "rows")
    for entity, count in sorted(one.tables.items()):
        if count:
            rows.add_row(entity, f"{count:,}")
    out.print(rows)
    for verdict in one.blocking:
        out.print(f"[red]broken[/] {escape(str(verdict['message']))}")


@release.command()
def diff(
    was: Annotated[
        str | None, typer.Argument(metavar="OLDER", help="The one that readers see if not said.")
    ] = None,
    now: Annotated[
        str | None, typer.Argument(metavar="NEWER", help="The newest if not said.")
    ] = None,
) -> None:
    """Compare two releases: rows added, gone and changed by table, columns, contracts, verdicts.

    Example: `crossdock release diff r20260311T220000Z-0001`
    """
    from orchestration.hub import Hub
    from orchestration.release_diff import between

    hub = Hub.open()
    older = _find(hub.releases, was)
    newer = hub.releases.find(now) if now else hub.releases.list()[-1]
    found = between(hub, older, newer)
    out.print(f"{older.release_id} -> {newer.release_id}")
    table = Table("table", "added", "gone", "changed", "columns")
    for one in found.tables:
        columns = ", ".join([*(f"+{c}" for c in one.columns_added),
                             *(f"-{c}" for c in one.columns_gone)])  # fmt: skip
        table.add_row(one.name, f"{one.added:,}", f"{one.gone:,}", f"{one.changed:,}", columns)
    out.print(table if found.tables else "The rows of all tables are the same.")
    for text in found.said:
        out.print(text, soft_wrap=True)


@release.command()
def rollback(
    why: Annotated[str, typer.Option(help="What is wrong with the release.")],
    to: Annotated[
        str | None, typer.Option(help="The release to go back to; the one before if not said.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who says so; your login if not said.")] = None,
) -> None:
    """Lead readers and decisions back to an earlier release, and withdraw those after it.

    For what is wrong though every contract passed. The lake stays as it is: the same content is
    refused, other content is judged and released as ever, so mend the cause, or give the contract
    a rule that sees it, before the next run. `reinstate` takes it back.

    Example: `crossdock release rollback --why "prices in cents"`
    """
    from orchestration.hub import Hub

    hub = Hub.open()
    target = _find(hub.releases, to).release_id if to else None
    back, withdrawn = hub.releases.rollback(
        by=by or getpass.getuser(), why=why, now=hub.settings.clock(), to=target
    )
    out.print(f"Readers see {back.release_id} now. Withdrawn: {', '.join(withdrawn) or 'none'}.")
    out.print(
        "The next run releases what it finds, unless it is the same again: mend the cause, or add "
        "a rule that sees it. `crossdock gate` tells which jobs may start on what readers see."
    )


@release.command()
def reinstate(
    name: Annotated[str, typer.Argument(metavar="RELEASE", help="A withdrawn release.")],
) -> None:
    """Take a rollback back: the release stands again, and readers see the newest that stands.

    Example: `crossdock release reinstate r20260313T220000Z-0003`
    """
    releases = _releases()
    releases.reinstate(releases.find(name).release_id)
    current = releases.current()
    out.print(f"Readers see {current.release_id if current else 'no release'} now.")


def _releases() -> "Releases":
    from orchestration.hub import Hub

    return Hub.open().releases


def _find(releases: "Releases", name: str | None) -> "Release":
    """Return a release by its id or the start of it, or the one that readers see."""
    if name is None:
        current = releases.current()
        if current is None:
            raise CrossdockError("There is no release yet. Run `crossdock run`.")
        return current
    return releases.find(name)


def _standing(one: "Release", current: "Release | None") -> str:
    if one.withdrawn is not None:
        return "withdrawn"
    if current is not None and one.release_id == current.release_id:
        return "current" + (", aged" if current.aged else "")
    return "past" if one.is_whole else "partial"
