"""quarantine: what was held back, why, and how it comes in after all."""

import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contracts import CrossdockError
from orchestration.cli import app, out

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Ids = Annotated[list[str] | None, typer.Argument(help="Ids of units, or their first characters.")]
Id = Annotated[str, typer.Argument(help="A unit's id, or its first characters.")]
Source = Annotated[str | None, typer.Option(help="Units of this source.")]
Stream = Annotated[str | None, typer.Option(help="Units of this stream.")]
Reason = Annotated[str | None, typer.Option(help="Units held back for this reason.")]
LoadId = Annotated[str | None, typer.Option("--load", help="Units of this load.")]
IsOpen = Annotated[bool, typer.Option("--open/--all", help="Only those still held, or all.")]
Reveal = Annotated[
    bool, typer.Option(help="Show personal data as well; recorded in reveals.jsonl in the home.")
]

_RETRIED_LISTED = 10

quarantine = typer.Typer(
    help="See what was held back and why; get it out; read it again.\n\n"
    "Example: `crossdock quarantine list`",
    no_args_is_help=True,
)
app.add_typer(quarantine, name="quarantine")


@quarantine.command("list")
def list_units(
    source: Source = None,
    stream: Stream = None,
    reason: Reason = None,
    load: LoadId = None,
    is_open: IsOpen = True,
    limit: Annotated[int, typer.Option(min=0, help="Units listed, at most.")] = 10,
) -> None:
    """Count what is held back by source, stream and reason, then list the newest units.

    Example: `crossdock quarantine list --source erp --reason type_mismatch`
    """
    from orchestration.cli import held_view, wording
    from orchestration.hub import Hub
    from warehouse import held, names

    choice = held.Choice(source, stream, reason, load, is_open=is_open or None)
    with Hub.open().lake.connect(read_only=True) as con:
        known = names.known(con)
        held.refuse_unknown(con, choice, known)
        counted = held.groups(con, choice)
        units = held.units(con, choice, limit=limit) if limit else []
        apart_rows = 0 if source or stream or reason or load else _apart_rows(con)
    if apart_rows:
        out.print(
            f"Rows held apart by their contracts: {apart_rows:,}; `crossdock quarantine rows` "
            "tells which rule holds them."
        )
    if not counted:
        out.print("Nothing is held back." if is_open else "Nothing was ever held back.")
        return
    out.print(held_view.groups(counted, known, out.width))
    if units:
        out.print()
        out.print(held_view.listed(units, known, out.width))
    total = sum(group.open + group.healed for group in counted)
    more = f"the newest {len(units):,} listed, --limit gives more; " if len(units) < total else ""
    state = "held back now" if is_open else "held back so far"
    told = f"{wording.units(total)} {state}; {more}"
    out.print(f"\n{told}`crossdock quarantine show ID` tells all of one.", markup=False)


def _apart_rows(con: "DuckDBPyConnection") -> int:
    import contracts
    from orchestration import apart

    return sum(group.rows for group in apart.groups(con, contracts.read_all("sources")))


@quarantine.command()
def show(unit: Id, reveal: Reveal = False) -> None:
    """Show everything about a unit, and its content with personal data masked by its contract.

    Example: `crossdock quarantine show 3f9ac2d1ab`
    """
    from orchestration import reveals
    from orchestration.cli import held_view
    from orchestration.hub import Hub
    from warehouse import held, held_export, names

    hub = Hub.open()
    with hub.lake.connect(read_only=True) as con:
        known = names.known(con)
        choice = held.Choice(units=(held.find(con, unit),), is_open=None)
        (found,) = held.with_raw(con, choice)
    if reveal:
        reveals.record(hub.settings, "quarantine show", [found.quarantine_id])
    whole_bytes = None
    if found.overflow is not None:
        path = held_export.whole_file(hub.lake, found.overflow)
        whole_bytes = path.stat().st_size if path.exists() else None
    out.print(held_view.facts(found, known, whole_bytes))
    note, content = held_view.content(found, is_revealed=reveal)
    out.print(f"\n{note}" if note else "", markup=False)
    out.print(content, soft_wrap=True)


@quarantine.command()
def export(
    units: Ids = None,
    source: Source = None,
    stream: Stream = None,
    reason: Reason = None,
    load: LoadId = None,
    is_open: IsOpen = True,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A new file; else standard output.")
    ] = None,
    raw: Annotated[bool, typer.Option(help="Exactly the lines that came.")] = False,
    reveal: Reveal = False,
) -> None:
    """Write units as JSON lines, or with --raw exactly as they came, to a file or to a pipe.

    Example: `crossdock quarantine export --stream orders --raw --reveal -o orders.jsonl`
    """
    from orchestration import reveals
    from orchestration.cli import wording
    from orchestration.hub import Hub
    from warehouse import held, held_export

    if raw and output is None and sys.stdout.isatty():
        raise CrossdockError(
            "Raw lines may hold characters that a terminal obeys. Name a file with --output, or "
            "send them through a pipe."
        )
    hub = Hub.open()
    with hub.lake.connect(read_only=True) as con:
        # One snapshot for all of it, whatever is loaded meanwhile.
        con.begin()
        asked = held.Choice(
            source, stream, reason, load, is_open=None if units else is_open or None
        )
        choice = held.resolve(con, asked, units)
        if raw and not reveal:
            held_export.refuse_hidden(held.with_raw(con, choice))
        sink = nullcontext(sys.stdout.buffer) if output is None else held_export.new_file(output)
        with sink as into:
            if reveal:
                chosen = [unit for _, unit in held.ids(con, choice)]
                where = str(output.resolve()) if output else "standard output"
                reveals.record(hub.settings, "quarantine export", chosen, output=where)
            chosen_units = held.with_raw(con, choice)
            if raw:
                count = held_export.write_raw(chosen_units, hub.lake, into)
            else:
                count = held_export.write_json(chosen_units, into, is_revealed=reveal)
    if output is not None:
        out.print(f"{wording.units(count)} written to {output}", markup=False, soft_wrap=True)


@quarantine.command()
def dismiss(
    units: Ids = None,
    source: Source = None,
    stream: Stream = None,
    reason: Reason = None,
    load: LoadId = None,
    *,
    why: Annotated[str, typer.Option(help="Why nothing will come of them; kept with them.")],
) -> None:
    """Close units that nothing will heal, like a stray line of a log; their bytes are kept.

    Example: `crossdock quarantine dismiss 3f9ac2d1ab --why "a log line of the tap"`
    """
    from orchestration.cli import wording
    from orchestration.hub import Hub
    from warehouse import held
    from warehouse.quarantine import dismiss as close

    if not (units or source or stream or reason or load):
        raise CrossdockError("Say which units: by id, by --source, --stream, --reason or --load.")
    if not why.strip():
        raise CrossdockError("Say --why: whoever looks at these units later will ask.")
    hub = Hub.open()
    with hub.lake.connect(read_only=True) as con:
        choice = held.resolve(con, held.Choice(source, stream, reason, load), units)
        chosen = [unit for _, unit in held.ids(con, choice)]
    close(hub.lake, chosen, why=" ".join(why.split())[:300], now=datetime.now(UTC))
    out.print(f"{wording.units(len(chosen))} dismissed; `list --all` still counts them.")


@quarantine.command()
def retry(
    units: Ids = None,
    source: Source = None,
    stream: Stream = None,
    reason: Reason = None,
    load: LoadId = None,
    is_all: Annotated[bool, typer.Option("--all", help="All that are held.")] = False,
) -> None:
    """Read units again by today's contract or schema; a row never overwrites a newer one.

    Exit code 1 when any of them is still held.

    Example: `crossdock quarantine retry --source erp --reason unexpected_field`
    """
    from orchestration.cli import held_view, wording
    from orchestration.hub import Hub
    from orchestration.retrying import by_source
    from warehouse import held, names

    if not (units or source or stream or reason or load or is_all):
        raise CrossdockError(
            "Say which units: by id, by --source, --stream, --reason or --load, or --all."
        )
    hub = Hub.open()
    with hub.lake.connect(read_only=True) as con:
        chosen = held.ids(con, held.resolve(con, held.Choice(source, stream, reason, load), units))
    if not chosen:
        out.print("None of these units is held back now.")
        return
    with out.status(f"reading {wording.units(len(chosen))} again"):
        retried = by_source(hub, chosen)
    with hub.lake.connect(read_only=True) as con:
        still = held.Choice(units=tuple(unit for _, unit in chosen))
        counted, left = held.groups(con, still), held.units(con, still, limit=_RETRIED_LISTED)
        known = names.known(con)
    told = f"{wording.units(retried.tried)} read again: {retried.healed:,} healed"
    if not retried.held:
        out.print(f"{told}.")
        return
    out.print(held_view.groups(counted, known, out.width), "")
    out.print(held_view.listed(left, known, out.width), "")
    out.print(
        f"{told}, {retried.held:,} still held; `crossdock quarantine show ID` tells the mend."
    )
    raise typer.Exit(1)
