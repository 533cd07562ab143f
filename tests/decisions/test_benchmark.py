"""The yardstick that the benchmark holds sourcing against."""

import pytest

from benchmarks.sourcing.__main__ import outcome
from benchmarks.sourcing.instances import Shape, backlog
from benchmarks.sourcing.optimum import optimum
from decisions.sourcing.policy import SourcingPolicy


@pytest.mark.parametrize("seed", range(4))
def test_no_plan_undercuts_the_optimum_and_one_order_comes_close(seed: int) -> None:
    tables = backlog(Shape(orders=1, nodes=4, products=4), seed)
    short, cost = outcome(tables, {})
    best = optimum(tables, SourcingPolicy(), limit_s=30)
    assert short == best.short
    assert best.bound - 0.001 <= cost <= best.cost * 1.01
