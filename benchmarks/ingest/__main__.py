"""Land one Singer stream in several ways, side by side, and hold ours to its bars.

Example: python -m benchmarks.ingest --records 200000 --repeats 1 --runners crossdock,duckdb_merge
"""

import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from benchmarks.ingest import demands, report
from benchmarks.ingest.change import Change, of_change
from benchmarks.ingest.comparison import Bench, side_by_side
from benchmarks.ingest.records import Recipe
from benchmarks.ingest.runner import Runner
from benchmarks.ingest.runners import RUNNERS

README = Path(__file__).parents[1] / "README.md"


@click.command(help=__doc__)
@click.option("--records", default=1_000_000, show_default=True, help="Records of the stream.")
@click.option("--repeats", default=3, show_default=True, help="Runs each, of which the median.")
@click.option("--slow-records", default=200_000, show_default=True,
              help="Records for peers below 20,000 a second; 0 leaves them out.")  # fmt: skip
@click.option("--slow-repeats", default=1, show_default=True, help="Runs of those peers.")
@click.option("--runners", default=",".join(RUNNERS), show_default=True, help="Which, by comma.")
@click.option("--demands/--no-demands", "is_demanding", default=True, show_default=True,
              help="Measure bad records, start-up and memory as well.")  # fmt: skip
@click.option("--change", is_flag=True, help="Measure whether cost follows the change (minutes).")
@click.option("--change-rows", default=10_000_000, show_default=True, help="The large table.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path),
              default=Path.home() / ".cache" / "crossdock-benchmarks", show_default=True,
              help="Where streams and the peers' environments are kept.")  # fmt: skip
@click.option("--write", is_flag=True, help="Write the tables to benchmarks/README.md.")
def main(
    records: int, repeats: int, slow_records: int, slow_repeats: int, runners: str,
    is_demanding: bool, change: bool, change_rows: int, cache: Path, write: bool,
) -> None:  # fmt: skip
    """Measure, print, and write when asked."""
    chosen = _chosen(runners)
    # Written to a file it would be cut to 80 columns.
    console = Console(width=None if sys.stdout.isatty() else 200)
    notes = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="crossdock-ingest-") as work:
        bench = Bench(cache.resolve(), Path(work), lambda said: notes.print(said, style="dim"))
        whole, part = Recipe(records), Recipe(min(slow_records, records))
        results = bench.in_turns([(one, whole) for one in chosen if not one.is_slow], repeats)
        if slow_records:
            slow = [(one, part) for one in chosen if one.is_slow]
            results += bench.in_turns(slow, slow_repeats)
        held = demands.Demands()
        demands.of_comparison(held, results)
        reports = [side_by_side(results), held.report]
        if is_demanding:
            with held.of("a stream of bad records"):
                demands.of_bad_records(held, bench, records, repeats)
            with held.of("one record"):
                demands.of_start(held, bench, repeats)
            with held.of("a longer stream"):
                demands.of_memory(held, bench, records)
        if change:
            with held.of("a change"):
                reports.append(of_change(held, bench, Change(large=change_rows), repeats))
    for one in reports:
        console.print(one.for_terminal())
    if write:
        report.write(README, _note(repeats, slow_repeats), reports)
    console.print(held.verdict)


def _chosen(names: str) -> list[Runner]:
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in RUNNERS:
            raise click.BadParameter(
                f"There is no runner '{name}'. There are: {', '.join(RUNNERS)}.",
                param_hint="--runners",
            )
    return [RUNNERS[name] for name in wanted]


def _note(repeats: int, slow_repeats: int) -> str:
    return (
        f"Run on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, Python "
        f"{platform.python_version()}; medians of {repeats}, of {slow_repeats} on the smaller "
        "stream."
    )


if __name__ == "__main__":
    main()
