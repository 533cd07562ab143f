"""Run the ways to land the stream in turns, and set them side by side."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.ingest import measure, truth
from benchmarks.ingest.records import Recipe, write
from benchmarks.ingest.report import Report
from benchmarks.ingest.runner import Runner
from benchmarks.ingest.venvs import CannotInstallError
from warehouse.lake import open_duckdb


@dataclass
class Result:
    """What one way costs: medians of its runs, seconds and megabytes; and what it stored."""

    runner: Runner
    records: int
    costs: list[measure.Cost] = field(default_factory=list)
    difference: truth.Difference = field(default_factory=truth.Difference)
    failure: str = ""

    @property
    def wall_s(self) -> float:
        """Seconds from start to end."""
        return median(cost.wall_s for cost in self.costs)

    @property
    def cpu_s(self) -> float:
        """Seconds of CPU, user and system."""
        return median(cost.cpu_s for cost in self.costs)

    @property
    def peak_mb(self) -> float:
        """Resident memory at the peak."""
        return max(cost.peak_mb for cost in self.costs)

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.wall_s

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU a record."""
        return self.cpu_s / self.records * 1e6


@dataclass(frozen=True)
class Bench:
    """Where the benchmark keeps its streams and peers (`cache`), and where it lands them (`work`).

    say: tells a person what is going on.
    """

    cache: Path
    work: Path
    say: Callable[[str], None]

    def stream(self, recipe: Recipe) -> Path:
        """Return the file of a stream, writing it when needed."""
        path = self.cache / "streams" / recipe.name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.say(f"writing {path.name}")
            write(recipe, path)
        return path

    def folder(self, name: str) -> Path:
        """Return an empty folder."""
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def in_turns(self, ways: list[tuple[Runner, Recipe]], repeats: int) -> list[Result]:
        """Measure ways in turns, so that a busy minute of the machine falls on all of them."""
        results = [Result(runner, recipe.records) for runner, recipe in ways]
        streams = [self.stream(recipe) for _, recipe in ways]
        for result, stream in zip(results, streams, strict=True):
            try:
                result.runner.prepare(self.cache, stream)
            except CannotInstallError as error:
                result.failure = str(error)
        for turn in range(repeats):
            for result, stream in zip(results, streams, strict=True):
                if not result.failure:
                    self._run(result, stream, is_last=turn == repeats - 1)
        return results

    def _run(self, result: Result, stream: Path, *, is_last: bool) -> None:
        runner = result.runner
        self.say(f"{runner.name}: {result.records:,} records")
        folder = self.folder(runner.name)
        try:
            result.costs.append(measure.run(runner.command(self.cache, stream, folder), folder))
        except measure.FailedError as error:
            result.failure = str(error)
            return
        if is_last:
            expected = truth.read(stream)
            with open_duckdb() as con:
                result.difference = truth.difference(con, expected, runner.stored(con, folder))
        shutil.rmtree(folder)


def side_by_side(results: list[Result]) -> Report:
    """Set the results in a table, each against the first DuckDB that merges."""
    floor = next((r for r in results if r.runner.name == "duckdb_merge" and r.costs), None)
    ours = next((r for r in results if r.runner.name == "crossdock" and r.costs), None)
    report = Report(
        "Side by side",
        ("way", "reads", "records", "records/s", "ours is", "wall s", "CPU s", "CPU us a record",
         "of MERGE's CPU", "peak MB", "against the truth"),
    )  # fmt: skip
    for result in results:
        head = (result.runner.title, result.runner.fed, f"{result.records:,}")
        if not result.costs:
            report.add(*head, *[""] * 7, f"not run: {result.failure}")
            continue
        report.add(
            *head,
            f"{result.rate:,.0f}",
            f"{ours.rate / result.rate:.1f}x" if ours else "",
            f"{result.wall_s:.2f}",
            f"{result.cpu_s:.2f}",
            f"{result.cpu_us:.1f}",
            f"{result.cpu_us / floor.cpu_us:.2f}x" if floor else "",
            f"{result.peak_mb:,.0f}",
            result.failure or str(result.difference),
        )
    return report
