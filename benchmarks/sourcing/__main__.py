"""Print how far order sourcing is from the optimum, and what a decision costs in CPU time.

Example: python -m benchmarks.sourcing --instances 5
"""

import json
import logging
import math
import statistics
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import click
import pyarrow as pa
from rich.console import Console
from rich.table import Table

import decisions
from benchmarks.sourcing.instances import NOW, Shape, backlog
from benchmarks.sourcing.optimum import optimum
from decisions import source_orders
from decisions.sourcing.policy import SourcingPolicy

METHODS: dict[str, dict[str, Any]] = {
    "sourcing": {},
    "no stock values": {"use_stock_value": False},
    "greedy": {"max_plans": 0, "use_stock_value": False},
}


@click.command(help=__doc__)
@click.option("--instances", default=12, show_default=True, help="Backlogs for the joint gap.")
@click.option("--orders", default=30, show_default=True, help="Orders a backlog.")
@click.option("--nodes", default=5, show_default=True, help="Nodes a backlog.")
@click.option("--single", default=100, show_default=True, help="Orders for the gap of one order.")
@click.option("--limit", default=60.0, show_default=True, help="Seconds for HiGHS a backlog.")
def main(instances: int, orders: int, nodes: int, single: int, limit: float) -> None:
    """Run the measurements one after the other."""
    console = Console()
    # The greedy baseline is the fallback, asked for here and not worth a warning an order.
    logging.getLogger("decisions").setLevel(logging.ERROR)
    console.print(_gaps("One order alone", Shape(1, nodes, 6), single, limit))
    console.print(_gaps("One order alone", Shape(1, 60, 6), single // 4, limit))
    for shape in (Shape(orders, nodes), Shape(2 * orders, 3, products=8, stocked_share=1.0)):
        console.print(_gaps("A backlog jointly", shape, instances, limit))
    console.print(_cpu([Shape(500, 60, 500), Shape(500, 3, 500)]))


def _gaps(title: str, shape: Shape, instances: int, limit: float) -> Table:
    """Gap of each method to the bound that HiGHS proved, over that many backlogs."""
    found: dict[str, list[float]] = {method: [] for method in METHODS}
    more_short = dict.fromkeys(METHODS, 0.0)
    proven = []
    for seed in range(instances):
        tables = backlog(shape, seed)
        best = optimum(tables, SourcingPolicy(), limit)
        proven.append(best.cost / best.bound - 1 if best.bound > 0 else 0)
        for method, policy in METHODS.items():
            short, cost = outcome(tables, policy)
            more_short[method] += short - best.short
            if short == best.short and best.bound > 0:
                found[method].append(cost / best.bound - 1)
    table = Table(
        title=f"{title}: gap to HiGHS, {instances} x {shape.orders} orders, "
        f"{shape.nodes} nodes, {shape.products} products",
        caption=f"HiGHS's own gap: at most {max(proven):.3%}",
    )
    for column in ("method", "mean", "p50", "p99", "optimal", "compared", "more short"):
        table.add_column(column, justify="left" if column == "method" else "right")
    for method, gaps in found.items():
        optimal = sum(gap < 1e-4 for gap in gaps) / len(gaps)
        mean, p50, p99 = statistics.mean(gaps), _quantile(gaps, 0.5), _quantile(gaps, 0.99)
        table.add_row(method, f"{mean:.2%}", f"{p50:.2%}", f"{p99:.2%}", f"{optimal:.0%}",
                      f"{len(gaps)}", f"{more_short[method]:g}")  # fmt: skip
    return table


def outcome(tables: dict[str, pa.Table], policy: dict[str, Any]) -> tuple[float, float]:
    """Units that a run leaves open, and the dollars it pays (stock values are not paid)."""
    run = decisions.run(
        source_orders.JOB, tables, release_id="benchmark", now=NOW, code_version="", policy=policy
    )
    short = cost = 0.0
    for option in run.decision_option.to_pylist():
        if option["is_chosen"]:
            parts, plan = json.loads(option["cost_parts"]), json.loads(option["plan"])
            cost += float(sum(map(Decimal, parts.values())) - Decimal(parts["scarcity"]))
            short += sum(float(line["qty"]) for line in plan["backorder"])
    return short, cost


def _cpu(shapes: Sequence[Shape]) -> Table:
    """CPU time of a decision; reading tables and valuing stock falls on the first, shown apart."""
    table = Table(title="CPU time a decision, ms")
    for column in (
        "backlog",
        "first, with set-up",
        "mean",
        "p50",
        "p99",
        "max",
        "whole run, recorded",
    ):
        table.add_column(column, justify="left" if column == "backlog" else "right")
    for shape in shapes:
        tables = backlog(shape, seed=0)
        took = []
        made = source_orders.in_turn(tables, SourcingPolicy(), NOW, 0)
        before = time.process_time_ns()
        for _ in made:
            now = time.process_time_ns()
            took.append((now - before) / 1e6)
            before = now
        _, *rest = took
        before = time.process_time_ns()
        outcome(tables, {})
        whole = (time.process_time_ns() - before) / 1e6
        figures = (took[0], statistics.mean(rest), *(_quantile(rest, q) for q in (0.5, 0.99, 1)))
        table.add_row(
            f"{shape.orders} orders, {shape.nodes} nodes",
            *(f"{figure:.2f}" for figure in figures),
            f"{whole:.0f}",
        )
    return table


def _quantile(values: Sequence[float], q: float) -> float:
    """The smallest value that a share `q` of them does not exceed."""
    return sorted(values)[max(0, math.ceil(q * len(values)) - 1)]


if __name__ == "__main__":
    main()
