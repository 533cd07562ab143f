"""sql: ask the current release, whatever is loading meanwhile."""

import csv
import json
import sys
from typing import Annotated, Literal

import duckdb
import typer
from rich.table import Table

from contracts import CrossdockError
from orchestration.cli import app, out

_ROWS_SHOWN = 100


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="A SELECT over the tables of `canonical`.")],
    release: Annotated[
        str | None, typer.Option(help="A release; the current one if not said.")
    ] = None,
    form: Annotated[
        Literal["table", "csv", "json"], typer.Option("--format", help="How rows are printed.")
    ] = "table",
    is_lake: Annotated[
        bool,
        typer.Option("--lake", help="Ask the lake instead: rows as landed and built, not judged."),
    ] = False,
) -> None:
    """Ask the current release; loads and builds go on meanwhile.

    Its tables are canonical.ENTITY; `select table_name from duckdb_tables()` lists them. With
    --lake there are SOURCE.STREAM too, as they landed, personal data included, canonical tables as
    they were built last, and their history.

    Example: `crossdock sql "select status, count(*) from canonical.package group by 1"`
    """
    from orchestration.hub import Hub

    hub = Hub.open()
    current = hub.releases.current() if release is None else None
    name = release or (current.release_id if current else None)
    if is_lake and release:
        raise CrossdockError("Say --lake or --release, not both.")
    if name is None and not is_lake:
        raise CrossdockError(
            "There is no release to ask yet. Run `crossdock run`; --lake asks what has landed."
        )
    with hub.lake.connect(read_only=True) if is_lake else hub.releases.open(str(name)) as con:
        try:
            if is_lake:
                con.execute("USE lake")
            con.execute(query)
            columns = [column[0] for column in con.description or []]
            rows = con.fetchmany(_ROWS_SHOWN + 1) if form == "table" else con.fetchall()
        except duckdb.Error as error:
            raise CrossdockError(f"{error}") from None
    if form == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        writer.writerows(rows)
    elif form == "json":
        out.file.write(
            json.dumps([dict(zip(columns, row, strict=True)) for row in rows], default=str) + "\n"
        )
    else:
        _print(columns, rows, "the lake" if is_lake else f"release {name}")


def _print(columns: list[str], rows: list[tuple[object, ...]], where: str) -> None:
    table = Table(*columns)
    for row in rows[:_ROWS_SHOWN]:
        table.add_row(*("" if value is None else str(value) for value in row))
    out.print(table)
    more = " (there are more: --format csv prints all)" if len(rows) > _ROWS_SHOWN else ""
    out.print(f"{min(len(rows), _ROWS_SHOWN)} rows from {where}{more}")
