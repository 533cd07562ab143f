"""What landing must hold beside plain speed: bad records, start-up, memory, each with its bar."""

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from benchmarks.ingest import measure, truth
from benchmarks.ingest.comparison import Bench, Result
from benchmarks.ingest.records import Recipe
from benchmarks.ingest.report import Report
from benchmarks.ingest.runners import crossdock
from warehouse.lake import open_duckdb

COLUMNS = ("measure", "found", "bar", "held")


class Demands:
    """A table of measures against their bars."""

    def __init__(self) -> None:
        self.report = Report("Demands", COLUMNS)

    @property
    def verdict(self) -> str:
        """How many bars are held, in a line."""
        held = [row[3] for row in self.report.rows if row[3]]
        return f"{held.count('yes')} of {len(held)} bars held."

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        """Turn a target that fails within into a bar not held, so that the rest is measured."""
        try:
            yield
        except measure.FailedError as error:
            self.must_be(what, str(error), "runs")

    def at_most(self, name: str, found: float, bar: float, unit: str = "") -> None:
        """Add a measure that must not exceed its bar."""
        self._add(name, found, f"<= {bar:,g}{unit}", found <= bar, unit)

    def at_least(self, name: str, found: float, bar: float, unit: str = "") -> None:
        """Add a measure that must reach its bar."""
        self._add(name, found, f">= {bar:,g}{unit}", found >= bar, unit)

    def must_be(self, name: str, found: object, wanted: object) -> None:
        """Add something that has one right answer."""
        self.report.add(name, str(found), str(wanted), "yes" if found == wanted else "NO")

    def _add(self, name: str, found: float, bar: str, is_held: bool, unit: str) -> None:
        said = f"{found:,.0f}{unit}" if found >= 100 else f"{found:.2f}{unit}"
        self.report.add(name, said, bar, "yes" if is_held else "NO")


def of_comparison(demands: Demands, results: list[Result]) -> None:
    """Hold the table side by side to its bars, as far as it has the rows."""
    for result in results:
        if result.runner is crossdock.RUNNER and result.failure:
            demands.must_be("target-crossdock", result.failure, "runs")
    found = {result.runner.name: result for result in results if not result.failure}
    ours = found.get("crossdock")
    if ours is None:
        return
    demands.must_be("rows against the truth", str(ours.difference), str(truth.Difference()))
    demands.at_most("peak memory", ours.peak_mb, 800, " MB")
    if floor := found.get("duckdb_merge"):
        demands.at_most(
            "CPU against DuckDB's read_ndjson + MERGE", ours.cpu_us / floor.cpu_us, 1.2, "x"
        )
    for name, bar in (("target_duckdb", 15), ("dlt_arrow", 2)):
        if peer := found.get(name):
            demands.at_least(
                f"records/s against {peer.runner.title}", ours.rate / peer.rate, bar, "x"
            )


def of_bad_records(demands: Demands, bench: Bench, records: int, repeats: int) -> None:
    """Measure 1 % of bad records against none, and a stream of nothing else."""
    ways = [(crossdock.RUNNER, Recipe(records, bad=share)) for share in (0.0, 0.01)]
    clean, some = bench.in_turns(ways, repeats)
    if some.failure or clean.failure:
        demands.must_be("1 % of bad records", some.failure or clean.failure, "runs")
    else:
        demands.at_most("CPU with 1 % of bad records", some.cpu_s / clean.cpu_s, 1.5, "x")
        demands.must_be("rows with 1 % of bad records", str(some.difference), "all equal")
    folder = bench.folder("all_bad")
    stream = bench.stream(Recipe(records, bad=1.0))
    cost = measure.run(crossdock.command(bench.cache, stream, folder), folder)
    with open_duckdb() as con:
        crossdock.stored(con, folder)
        row = con.execute("SELECT count(*) FROM lake.hub.quarantine").fetchone()
    demands.at_least("all bad, units/s into quarantine", records / cost.wall_s, 50_000)
    demands.must_be("all bad, units in quarantine", row[0] if row else 0, records)
    demands.at_most("all bad, peak memory", cost.peak_mb, 800, " MB")


def of_start(demands: Demands, bench: Bench, repeats: int) -> None:
    """Measure one record: from start to its end, when a reader has long been able to see it."""
    stream = bench.stream(Recipe(1, updates=0))
    new, old = [], []
    for _ in range(repeats):
        folder = bench.folder("start")
        command = crossdock.command(bench.cache, stream, folder)
        new.append(measure.run(command, folder).wall_s)
        old.append(measure.run(command, folder).wall_s)
    demands.at_most("one record into a new home, start to end", median(new), 1.5, " s")
    demands.at_most("one record into a home, start to end", median(old), 1.5, " s")


def of_memory(demands: Demands, bench: Bench, records: int) -> None:
    """Measure the peak of a stream that is four times as long."""
    folder = bench.folder("memory")
    stream = bench.stream(Recipe(4 * records))
    cost = measure.run(crossdock.command(bench.cache, stream, folder), folder)
    demands.at_most(f"peak memory at {4 * records:,} records", cost.peak_mb, 800, " MB")
    demands.report.add(
        f"records/s at {4 * records:,} records", f"{4 * records / cost.wall_s:,.0f}", "", ""
    )
