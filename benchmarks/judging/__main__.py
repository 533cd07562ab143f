"""Hold a million rows against 20 rules, and count the same breaches with one scan by hand.

Example: python -m benchmarks.judging --rows 100000
"""

import os
import platform
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

import contracts
from benchmarks.judging import fused, rows
from contracts import Contract, Verdict
from contracts.comparators import holds
from warehouse.lake import Lake

HERE = Path(__file__).parent
NOW = datetime(2026, 3, 11, 23, tzinfo=UTC)
Found = TypeVar("Found")


@dataclass
class Costs:
    """What the runs of one way took, in seconds."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


@click.command(help=__doc__)
@click.option("--rows", "count", default=1_000_000, show_default=True, help="Rows of the table.")
@click.option("--repeats", default=3, show_default=True, help="Runs each, of which the median.")
def main(count: int, repeats: int) -> None:
    """Measure both ways in turns, on sound rows and on broken ones, and print the medians."""
    contract = contracts.read("sources/sales", HERE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # see contracts/suite.py
        import_module("contracts.expectation")  # importing GX is not measured
    table = Table(
        title=f"Judging {count:,} rows with {len(_counted(contract))} rules, medians of {repeats}",
        caption=f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}; broken: one row in {rows.EVERY:,} a rule",
    )
    for column in ("rows", "way", "wall s", "CPU s", "wall ratio", "CPU ratio", "broken rules"):
        table.add_column(column, justify="left" if column in ("rows", "way") else "right")
    for title, is_broken in (("sound", False), ("broken", True)):
        with tempfile.TemporaryDirectory(prefix="crossdock-judging-") as home:
            lake = Lake(home).create()
            with lake.connect() as con:
                rows.fill(con, contract, count, is_broken=is_broken)
            hand, ours, broken = _measured(lake, contract, repeats)
        for way, costs in (("scan by hand", hand), ("crossdock", ours)):
            wall, cpu = median(costs.wall), median(costs.cpu)
            table.add_row(title, way, f"{wall:.2f}", f"{cpu:.2f}",
                          f"{wall / median(hand.wall):.2f}x", f"{cpu / median(hand.cpu):.2f}x",
                          str(broken))  # fmt: skip
    Console().print(table)


def _measured(lake: Lake, contract: Contract, repeats: int) -> tuple[Costs, Costs, int]:
    """Measure both ways, each on a connection of its own; return also how many rules broke."""
    hand, ours = Costs(), Costs()
    verdicts: list[Verdict] = []
    for _ in range(repeats):
        found = _timed(lake, hand, lambda con: fused.count(con, NOW.isoformat()))
        verdicts = _timed(lake, ours, lambda con: contracts.judge(con, [contract], now=NOW))
        _compare(contract, verdicts, found)
    return hand, ours, sum(verdict.status == "failed" for verdict in verdicts)


def _timed(lake: Lake, costs: Costs, work: Callable[[Any], Found]) -> Found:
    with lake.connect() as con:
        con.execute("FROM lake.sales.articles LIMIT 0")  # what opening the catalog takes is alike
        wall, cpu = time.perf_counter(), time.process_time()
        found = work(con)
        costs.wall.append(time.perf_counter() - wall)
        costs.cpu.append(time.process_time() - cpu)
    return found


def _counted(contract: Contract) -> list[str]:
    """Return the rules that only rows can answer: no types, no NOT NULL that DuckLake keeps."""
    keys = {f"{key}.required" for key in contract.table("lines").primary_key}
    return [
        rule.id
        for rule in contract.table("lines").rules
        if rule.kind not in ("exists", "type") and rule.id not in keys
    ]


def _compare(contract: Contract, verdicts: list[Verdict], found: dict[str, Any]) -> None:
    """Raise unless every rule was judged, and both ways found the same of each."""
    told = {verdict.rule: verdict for verdict in verdicts if verdict.dataset == "sales.lines"}
    rules = {rule.id: rule for rule in contract.table("lines").rules}
    for name in _counted(contract):
        verdict, number = told[name], found[name]
        if rules[name].kind in ("rowCount", "freshness") or name == "lines.cancelled_share":
            is_same = holds(rules[name].comparator, number) == (verdict.status == "passed")
        else:
            is_same = verdict.failing == number and verdict.status != "not_evaluated"
        if not is_same:
            raise click.ClickException(f"{name}: {number} by hand, but {verdict.message}")


if __name__ == "__main__":
    main()
