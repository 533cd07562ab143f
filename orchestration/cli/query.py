"""sql: ask the current release, whatever is loading meanwhile."""

import csv
import json
import sys
from collections.abc import Sequence
from typing import Annotated, Literal

import duckdb
import typer
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from contracts import CrossdockError
from orchestration.cli import app, out

_ROWS_SHOWN = 100
_AS_RECORDS = 3
_ANY_WIDTH = 1_000_000


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="A SELECT over the tables of `canonical`.")],
    release: Annotated[
        str | None, typer.Option(help="A release; the current one if not said.")
    ] = None,
    form: Annotated[
        Literal["table", "record", "csv", "json"] | None,
        typer.Option(
            "--format",
            help="How rows are printed. When left out: as a table, but up to three rows whose "
            "table would be wider than the screen as records, a line a column.",
        ),
    ] = None,
    is_lake: Annotated[
        bool,
        typer.Option("--lake", help="Ask the lake instead: rows as landed and built, not judged."),
    ] = False,
) -> None:
    """Ask the current release; loads and builds go on meanwhile.

    Its tables are canonical.ENTITY; `select table_name from duckdb_tables()` lists them. With
    --lake there are SOURCE.STREAM too, as they landed, personal data included, canonical tables as
    they were built last, and their history.

    Example: `crossdock sql "select status, count(*) from canonical.package group by 1"`,
    `crossdock sql "from canonical.product limit 1" --format record`
    """
    from orchestration.hub import Hub

    hub = Hub.open()
    if is_lake and release:
        raise CrossdockError("Say --lake or --release, not both.")
    asked = hub.releases.find(release) if release else hub.releases.current()
    if is_lake:
        opened, where = hub.lake.connect(read_only=True), "the lake"
    elif asked is None:
        raise CrossdockError(
            "There is no release to ask yet. Run `crossdock run`; --lake asks what has landed."
        )
    else:
        opened, where = hub.releases.open(asked.release_id), f"release {asked.release_id}"
        if not asked.is_whole:
            where += f", which is partial: {len(asked.blocking)} of its rules are broken"
        if asked.withdrawn is not None:
            where += f", withdrawn by {asked.withdrawn.by}: {asked.withdrawn.why}"
    with opened as con:
        try:
            if is_lake:
                con.execute("USE lake")
            con.execute(query)
            columns = [column[0] for column in con.description or []]
            rows = con.fetchall() if form in ("csv", "json") else con.fetchmany(_ROWS_SHOWN + 1)
        except duckdb.Error as error:
            raise CrossdockError(f"{error}") from None
    printed(columns, rows, where, form)


def printed(
    columns: list[str], rows: Sequence[tuple[object, ...]], where: str, form: str | None
) -> None:
    """Print rows as a table, as records, as csv or as json; of a table the first hundred."""
    if form == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        writer.writerows(rows)
    elif form == "json":
        out.file.write(
            json.dumps([dict(zip(columns, row, strict=True)) for row in rows], default=str) + "\n"
        )
    else:
        texts = [["" if value is None else str(value) for value in row] for row in rows]
        _print(columns, texts, where, form)


def _print(columns: list[str], rows: list[list[str]], where: str, form: str | None) -> None:
    shown = rows[:_ROWS_SHOWN]
    table = Table(*map(escape, columns))
    for row in shown:
        table.add_row(*map(Text, row))
    width = Measurement.get(out, out.options.update(max_width=_ANY_WIDTH), table).maximum
    if form == "record" or (form is None and 1 <= len(shown) <= _AS_RECORDS and width > out.width):
        for number, row in enumerate(shown, 1):
            if len(shown) > 1:
                out.print(Text(f"row {number}", style="bold"))
            out.print(_record(columns, row))
    else:
        out.print(table)
    more = " (there are more: --format csv prints all)" if len(rows) > _ROWS_SHOWN else ""
    count = f"{len(shown)} row{'' if len(shown) == 1 else 's'}"
    out.print(f"{count} from {where}{more}", markup=False)


def _record(columns: list[str], row: list[str]) -> Table:
    """Return a row as lines of column and value; a long value goes on below itself."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in zip(columns, row, strict=True):
        grid.add_row(Text(name), Text(value))
    return grid
