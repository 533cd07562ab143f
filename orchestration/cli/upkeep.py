"""fsck, maintain, backup, restore: keep the lake sound and small, and bring it back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from contracts import CrossdockError
from orchestration.cli import app, err, out

if TYPE_CHECKING:
    from orchestration.hub import Hub
    from warehouse.upkeep.finding import Finding
    from warehouse.upkeep.maintain import Account


@app.command()
def fsck() -> None:
    """Check catalog, releases and every data file against its SHA-256; change nothing.

    Loads may go on meanwhile. Exit code 1 when something must be mended.

    Example: `crossdock fsck`
    """
    from warehouse.upkeep.fsck import fsck as check

    with _progress("reading files", is_bytes=True) as tell:
        report = check(_hub().lake, datetime.now(UTC), tell)
    if report.findings:
        _tell(report.findings)
    out.print(
        f"{report.files:,} files, {decimal(report.bytes)}: "
        + (f"[red]{len(report.errors)} to mend[/]" if report.errors else "[green]sound[/]")
    )
    if report.errors:
        raise typer.Exit(1)


@app.command()
def maintain() -> None:
    """Compact tables, expire snapshots and old releases, delete files that nobody needs.

    What is kept: CROSSDOCK_KEEP_DAYS and CROSSDOCK_KEEP_RELEASES. Loads and readers go on.

    Example: `crossdock maintain`
    """
    from orchestration.hub import Hub
    from warehouse.upkeep.maintain import Keep
    from warehouse.upkeep.maintain import maintain as tidy

    hub = Hub.open()
    keep = Keep(timedelta(days=hub.settings.keep_days), hub.settings.keep_releases)
    with out.status("maintain") as status:
        account = tidy(hub.lake, datetime.now(UTC), keep, status.update)
    out.print(_done(account))
    out.print(f"{decimal(account.swept.bytes)} freed")


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Where to; an older backup there is renewed.")],
) -> None:
    """Copy lake and releases to a folder while loads go on; only what is new is copied.

    Example: `crossdock backup /mnt/backup/crossdock`
    """
    from orchestration.hub import Hub
    from warehouse.upkeep.backup import backup as copy

    hub = Hub.open()
    with _progress("copying files") as tell:
        copied = copy(hub.lake, folder.expanduser().resolve(), datetime.now(UTC), tell)
    out.print(f"{copied:,} new files; {folder} is a whole backup")


@app.command()
def restore(
    folder: Annotated[Path | None, typer.Argument(help="A folder that `backup` made.")] = None,
    from_release: Annotated[
        bool, typer.Option(help="Without a backup: the canonical tables of the newest release.")
    ] = False,
) -> None:
    """Bring the lake back as it was at a backup; what came since is pulled again.

    Example: `crossdock restore /mnt/backup/crossdock`
    """
    from warehouse.upkeep import restore as restoring

    if (folder is None) is not from_release:
        raise CrossdockError("Say what from: `crossdock restore FOLDER`, or `--from-release`.")
    lake = _hub().lake
    if folder is None:
        release = restoring.restore_release(lake)
        out.print(f"The lake begins with the canonical tables of {release}; run `crossdock run`.")
        return
    backup = folder.expanduser().resolve()
    lost = restoring.loads_since(lake, backup)
    with _progress("comparing files") as tell:
        copied = restoring.restore(lake, backup, tell)
    out.print(
        f"Catalog and {copied:,} data files brought back; the lake is as it was on "
        f"{restoring.made_at(backup):%Y-%m-%d %H:%M} UTC. `crossdock run` pulls what came since."
    )
    if lost is None:
        out.print("Which loads are gone could not be told: the catalog was beyond reading.")
    elif lost:
        listed = ", ".join(f"{source} ({loads:,})" for source, loads in sorted(lost.items()))
        out.print(
            f"Loads since then are gone from it: {listed}. Where a source's STATE is kept outside "
            "of the lake (`tap | target-crossdock`), go back to the STATE of that time."
        )


def _hub() -> "Hub":
    """Return the hub without opening its lake, which may be what is broken."""
    from orchestration.hub import Hub
    from orchestration.settings import load

    return Hub(load())


@contextmanager
def _progress(name: str, *, is_bytes: bool = False) -> Iterator[Callable[[int, int], None]]:
    from rich import progress

    count = progress.DownloadColumn() if is_bytes else progress.MofNCompleteColumn()
    columns = (progress.TextColumn(name), progress.BarColumn(), count)
    with progress.Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell(findings: "list[Finding]") -> None:
    """Print findings by kind, each kind with its mend; whole paths, to be copied."""
    order = sorted(findings, key=lambda one: (not one.is_error, one.kind, one.where))
    for kind, those in groupby(order, key=lambda one: one.kind):
        some = list(those)
        colour = "red" if some[0].is_error else "yellow"
        out.print(f"[{colour}]{len(some)} {kind}[/]. The mend: {some[0].mend}", soft_wrap=True)
        for one in some:
            out.print(f"  {escape(one.where)}: {escape(one.what)}", soft_wrap=True)


def _done(account: "Account") -> Table:
    table = Table("what", "which", "before", "after")
    for one in account.compacted:
        before = f"{one.files_before} files, {one.flushed} rows in the catalog"
        table.add_row("compacted", one.table, before, f"{one.files_after} files")
    for what, number in (
        ("files recorded", account.sealed),
        ("snapshots expired", account.snapshots),
        ("releases deleted", len(account.releases)),
        ("old files deleted", account.swept.scheduled),
        ("orphans deleted", account.swept.orphans),
    ):
        table.add_row(what, "", "", f"{number:,}")
    return table
