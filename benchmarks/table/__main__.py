"""Bring one PostgreSQL table into a lake in several ways, side by side, and compare the rows.

Example: python -m benchmarks.table --rows 100000 --repeats 1 --ways batches,scanner
"""

import itertools
import os
import platform
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import click
from rich.console import Console

from benchmarks.ingest import measure
from benchmarks.ingest.measure import Cost
from benchmarks.ingest.report import Report
from benchmarks.table.source import Source, served
from benchmarks.table.ways import WAYS
from warehouse import sql
from warehouse.lake import attach, open_duckdb

# Compared with the table itself; times of a zone as instants, JSON as values.
COLUMNS = (
    "line_id, order_id, sku, status, qty, unit_price::DECIMAL(12,2) AS unit_price, "
    "weight_kg::DECIMAL(18,6) AS weight_kg, score::DOUBLE AS score, is_gift, promised_on::DATE AS "
    "promised_on, created_at::TIMESTAMPTZ AS created_at, updated_at::TIMESTAMPTZ AS updated_at, "
    "note, CAST(json_extract(attributes::JSON, ['$.line', '$.tags', '$.amount'])[:2] AS VARCHAR) "
    "AS attributes, CAST(json_extract_string(attributes::JSON, '$.amount') AS DECIMAL(12,4)) "
    "AS amount"
)


@dataclass
class Measured:
    """One run of a way: what it cost us and the server, and how many rows came out wrong."""

    cost: Cost
    server_cpu_s: float
    wrong: int


@click.command(help=__doc__)
@click.option("--rows", default=1_000_000, show_default=True, help="Rows of the table.")
@click.option("--repeats", default=3, show_default=True, help="Runs each, of which the median.")
@click.option("--slow-rows", default=200_000, show_default=True,
              help="Rows for the ways that go by records.")  # fmt: skip
@click.option("--slow-repeats", default=3, show_default=True, help="Runs of those.")
@click.option("--ways", default=",".join(WAYS), show_default=True, help="Which, by comma.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path),
              default=Path.home() / ".cache" / "crossdock-benchmarks", show_default=True,
              help="Where the peer's environment is kept.")  # fmt: skip
def main(
    rows: int, repeats: int, slow_rows: int, slow_repeats: int, ways: str, cache: Path
) -> None:
    """Measure and print the medians."""
    chosen = _chosen(ways)
    report = Report(
        "Table",
        ("", "rows", "wall s", "CPU s", "server's CPU s", "rows/s", "peak MB", "wrong rows"),
    )
    for is_slow, count, times in ((False, rows, repeats), (True, slow_rows, slow_repeats)):
        names = [name for name in chosen if WAYS[name].is_slow == is_slow]
        for name, found in _in_turns(names, count, times, cache.resolve()).items():
            wall = median(one.cost.wall_s for one in found)
            report.add(
                WAYS[name].title,
                f"{count:,}",
                f"{wall:.1f}",
                f"{median(one.cost.cpu_s for one in found):.1f}",
                f"{median(one.server_cpu_s for one in found):.1f}",
                f"{count / wall:,.0f}",
                f"{median(one.cost.peak_mb for one in found):,.0f}",
                f"{max(one.wrong for one in found):,}",
            )
    click.echo(
        f"Run on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, Python "
        f"{platform.python_version()}; medians of {repeats}, by records of {slow_repeats}.\n"
    )
    click.echo(report.for_readme())


def _in_turns(names: list[str], rows: int, times: int, cache: Path) -> dict[str, list[Measured]]:
    """Measure ways one after the other, again and again: a busy hour meets all alike."""
    found: dict[str, list[Measured]] = {name: [] for name in names}
    if not names:
        return found
    notes = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="crossdock-table-") as work:
        folder = Path(work)
        with served(folder / "postgres", rows) as source:
            for turn, name in itertools.product(range(times), names):
                place, way = folder / f"{name}-{turn}", WAYS[name]
                command = way.command(source, cache, place)
                before = source.cpu_s
                cost = measure.run(command, place)
                server = source.cpu_s - before
                wrong = _differences(source, place / "home", way.stored)
                found[name].append(Measured(cost, server, wrong))
                said = f"{way.title}: {cost.wall_s:.1f} s, CPU {cost.cpu_s:.1f} s"
                notes.print(said, style="dim")
    return found


def _differences(source: Source, home: Path, stored: str) -> int:
    """Return how many rows of the table are not in the lake, and the other way round."""
    lake = home / "lake" if (home / "lake").exists() else home
    with open_duckdb() as con:
        attach(con, lake / "catalog.sqlite", lake / "data", alias="lake", read_only=True)
        con.execute(f"ATTACH {sql.text(source.uri)} AS source (TYPE postgres, READ_ONLY)")
        con.execute(f"CREATE TEMP TABLE have AS SELECT {COLUMNS} FROM {stored}")  # noqa: S608
        con.execute(
            f"CREATE TEMP TABLE want AS SELECT {COLUMNS} FROM source.public.order_lines"  # noqa: S608
        )
        row = con.execute(
            "SELECT (SELECT count(*) FROM (FROM have EXCEPT ALL FROM want))"
            " + (SELECT count(*) FROM (FROM want EXCEPT ALL FROM have))"
        ).fetchone()
    return int(row[0]) if row else 0


def _chosen(names: str) -> list[str]:
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in WAYS:
            raise click.BadParameter(
                f"There is no way '{name}'. There are: {', '.join(WAYS)}.", param_hint="--ways"
            )
    return wanted


if __name__ == "__main__":
    main()
