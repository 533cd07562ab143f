"""ledger: what each load did, to the last unit."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import duckdb
import typer

from contracts import CrossdockError
from orchestration.cli import app, out

if TYPE_CHECKING:
    from orchestration.hub import Hub
    from warehouse.accounts import Run

_LISTED = 50


@app.command()
def ledger(
    load: Annotated[
        str | None, typer.Argument(help="A load, or its first characters: its streams and files.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Loads of this source.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Loads listed, at most.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="All of it, for machines.")] = False,
) -> None:
    """Account for every unit of each load: emitted = loaded + quarantined. Times are UTC.

    Exit code 1 when a unit is unaccounted for.

    Example: `crossdock ledger --source erp`
    """
    from orchestration.hub import Hub
    from warehouse import accounts

    hub = Hub.open()
    with hub.lake.connect(read_only=True) as con:
        con.begin()
        runs = accounts.find(con, load) if load else accounts.runs(con)
        sources = sorted({run.source for run in runs})
        if source is not None:
            runs = [run for run in runs if run.source == source]
            if not runs:
                valid = ", ".join(sources) or "none yet"
                raise CrossdockError(f"There is no load of '{source}'. Sources: {valid}.")
        if not runs:
            out.print("Nothing was loaded yet. `crossdock pull` loads.")
            return
        if as_json:
            _print_json(hub, con, runs[:limit], is_whole=load is not None)
        else:
            left_out = _print_runs(hub, runs[:limit], len(runs))
            for run in runs if load else ():
                left_out += _print_parts(con, run)
            if left_out:
                names = ", ".join(dict.fromkeys(left_out))
                out.print(f"[dim]\nThe screen is too narrow for {names}; --json gives all.[/]")
    _refuse_remainder(runs)


def _print_runs(hub: "Hub", runs: "list[Run]", total: int) -> list[str]:
    from orchestration.cli import ledger_view
    from warehouse import accounts

    table, left_out = ledger_view.runs(runs, accounts.states(hub.lake, runs), out.width)
    out.print(table)
    if total > len(runs):
        out.print(f"The newest {len(runs)} of {total} loads; --limit gives more.")
    return left_out


def _print_parts(con: duckdb.DuckDBPyConnection, run: "Run") -> list[str]:
    from orchestration.cli import ledger_view
    from warehouse import accounts, names

    known = names.known(con).get(run.source, set())
    batches, files = accounts.batches(con, run), accounts.files(con, run)
    parts = {
        "Streams": ledger_view.streams(accounts.streams(con, run), known, out.width),
        _title("Batches", len(batches)): ledger_view.batches(batches[-_LISTED:], out.width),
    }
    if files:
        title = _title("Files under the lake's data", len(files))
        parts[title] = ledger_view.files(files[:_LISTED], out.width)
    for title, (table, _) in parts.items():
        out.print(f"\n[bold]{title}[/]")
        out.print(table)
    return [name for _, left_out in parts.values() for name in left_out]


def _title(what: str, number: int) -> str:
    shown = f", {_LISTED} of them shown" if number > _LISTED else ""
    return f"{what}: {number:,}{shown}"


def _print_json(
    hub: "Hub", con: duckdb.DuckDBPyConnection, runs: "list[Run]", *, is_whole: bool
) -> None:
    from orchestration.cli.ledger_view import as_json
    from warehouse import accounts, names

    states = accounts.states(hub.lake, runs)
    known = names.known(con)
    listed = []
    for run in runs:
        said: dict[str, Any] = as_json(run, state=states[run.load_id])
        said["by_stream"] = [
            as_json(row, stream=names.shown(row.stream, known.get(run.source, set())))
            for row in accounts.streams(con, run)
        ]
        if is_whole:
            said["batches"] = [as_json(row) for row in accounts.batches(con, run)]
            said["files"] = [as_json(row) for row in accounts.files(con, run)]
        listed.append(said)
    out.file.write(json.dumps(listed, default=lambda instant: instant.isoformat()) + "\n")


def _refuse_remainder(runs: "list[Run]") -> None:
    broken = [run for run in runs if run.remainder]
    if broken:
        told = "; ".join(f"{run.remainder:,} of load {run.load_id}" for run in broken)
        raise CrossdockError(
            f"Units are unaccounted for: {told}. Loads are committed only when all are, so the "
            "ledger was altered, or the target is at fault: please report it."
        )
