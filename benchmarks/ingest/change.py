"""Whether cost follows the change: the same changed rows into a small table and a large one."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.ingest import measure
from benchmarks.ingest.comparison import Bench
from benchmarks.ingest.demands import Demands
from benchmarks.ingest.micro_batches import message_lines
from benchmarks.ingest.report import Report
from benchmarks.ingest.runners import crossdock
from warehouse.lake import Lake

WAYS = ("spread over the table", "the newest")


@dataclass(frozen=True)
class Change:
    """Rows of a small and of a large table, rows that change, and micro-batches in between."""

    small: int = 100_000
    large: int = 10_000_000
    changed: int = 10_000
    batches: int = 200


def of_change(demands: Demands, bench: Bench, change: Change, repeats: int) -> Report:
    """Measure the changed rows in both tables, before and after micro-batches.

    Returns the figures behind the ratios; takes minutes, most of them to fill the tables.
    """
    what = f"{change.changed:,} changed rows"
    columns = ("rows", "after", "changed rows", "CPU s", "wall s", "files", "inlined rows")
    report = Report(what, columns)
    found: dict[tuple[int, str, str], float] = {}
    for size in (change.small, change.large):
        folder = bench.folder(f"change_{size}")
        home = folder / "home"
        bench.say(f"filling a table of {size:,}")
        _fill(home, size, folder)
        for after in ("the fill", f"{change.batches} micro-batches"):
            if after != "the fill":
                bench.say(f"{change.batches} micro-batches into {size:,}")
                batches = [sys.executable, "-m", "benchmarks.ingest.micro_batches"]
                root = {"PYTHONPATH": str(Path(__file__).parents[2])}
                measure.run(
                    measure.Command([*batches, str(home), str(size), str(change.batches)], root),
                    folder,
                )
            files, inlined = _layout(home)
            for way in WAYS:
                costs = [
                    _change(home, size, change.changed, way, version, folder)
                    for version in range(1 + 10 * len(found), 1 + 10 * len(found) + repeats)
                ]
                cpu = found[size, after, way] = median(cost.cpu_s for cost in costs)
                wall = median(cost.wall_s for cost in costs)
                report.add(f"{size:,}", after, way, f"{cpu:.2f}", f"{wall:.2f}", f"{files:,}",
                           f"{inlined:,}")  # fmt: skip
    for (size, after, way), cpu in found.items():
        if size == change.large:
            name = f"{what}, {way}, after {after}: CPU, {size:,} to {change.small:,}"
            demands.at_most(name, cpu / found[change.small, after, way], 2, "x")
    return report


def _fill(home: Path, size: int, folder: Path) -> None:
    """Land `size` rows through a pipe: a file of 10 million would take 2.5 GB."""
    command = crossdock.target(Path("/dev/stdin"), folder, home)
    with (folder / "fill.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            command.arguments, stdin=subprocess.PIPE, stdout=log, stderr=log, text=True
        )
        assert process.stdin  # noqa: S101 - asked for above
        with process.stdin as pipe:
            pipe.writelines(message_lines(range(size), 0))
        if process.wait():
            raise measure.FailedError(f"A table of {size:,} rows was not filled; see {log.name}.")


def _change(
    home: Path, size: int, changed: int, way: str, version: int, folder: Path
) -> measure.Cost:
    stream = folder / "change.singer"
    step = size // changed if way == WAYS[0] else 1
    first = 0 if way == WAYS[0] else size - changed
    numbers = (first + k * step + (k * 7919 + version) % step for k in range(changed))
    stream.write_text("".join(message_lines(numbers, version)), "ascii")
    return measure.run(crossdock.target(stream, folder, home), folder)


def _layout(home: Path) -> tuple[int, int]:
    """Count the files and the rows inlined in the catalog, those of the hub too."""
    with closing(sqlite3.connect(Lake(home).paths.catalog)) as catalog:
        count = "SELECT count(*) FROM {} WHERE end_snapshot IS NULL"
        tables = [row[0] for row in catalog.execute("SELECT name FROM sqlite_master")]
        files, inlined = (
            sum(catalog.execute(count.format(table)).fetchone()[0] for table in chosen)
            for chosen in (
                [t for t in tables if t in ("ducklake_data_file", "ducklake_delete_file")],
                [t for t in tables if t.startswith("ducklake_inlined_data_")
                 and t != "ducklake_inlined_data_tables"],
            )
        )  # fmt: skip
    return files, inlined
