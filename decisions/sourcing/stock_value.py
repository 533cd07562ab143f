"""What a unit of stock at a node is worth to the other open orders.

An order that takes the last unit at its nearest node may send another one across the country.
One linear programme over all contended products prices that: assign every open unit to a node at
the cost of shipping its order from there; the dual of a node's stock is what one more unit would
save (Acimovic and Graves 2015 price stock by such duals over a forecast; here over the backlog).
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

import highspy
import numpy as np

from decisions.sourcing.problem import Stock
from decisions.sourcing.units import UNIT

# Where stock just meets demand its dual may lie anywhere between two neighbours, and at an end of
# that range an order is indifferent. A hair less stock, in base units, picks a value in between.
_HAIR = 0.001


class StockValueError(Exception):
    """HiGHS did not solve the programme; sourcing goes on without stock values."""


class Want(NamedTuple):
    """Millionths of a product that an order wants, and ticks a unit from each node's uid."""

    product_uid: str
    qty: int
    unit_cost: Mapping[str, int]


def stock_values(wants: list[Want], stock: Stock, seed: int) -> dict[tuple[str, str], int]:
    """Ticks a unit by (node_uid, product_uid), above the product's cheapest node; zeros left out.

    Raises StockValueError if HiGHS fails.
    """
    by_product: dict[str, list[Want]] = defaultdict(list)
    for want in wants:
        if want.unit_cost:
            by_product[want.product_uid].append(want)
    supply: dict[str, dict[str, int]] = defaultdict(dict)
    for (node, product), qty in sorted(stock.items()):
        supply[product][node] = qty
    contended = {
        product: asked
        for product, asked in by_product.items()
        if _contended(asked, supply[product])
    }
    if not contended:
        return {}
    return _duals(contended, supply, seed)


def _contended(wants: list[Want], supply: Mapping[str, int]) -> bool:
    """Whether several orders want it, and their cheapest stocked nodes have not enough of it."""
    if len(wants) < 2:
        return False  # an order does not compete with itself
    asked: dict[str, int] = defaultdict(int)
    for want in wants:
        stocked = [node for node in supply if node in want.unit_cost]
        if stocked:
            asked[min(stocked, key=lambda node: (want.unit_cost[node], node))] += want.qty
    return any(qty > supply[node] for node, qty in asked.items())


def _duals(
    contended: Mapping[str, list[Want]], supply: Mapping[str, Mapping[str, int]], seed: int
) -> dict[tuple[str, str], int]:
    rows: dict[tuple[str, str], int] = {}
    upper: list[float] = []
    demand: list[float] = []
    cost: list[float] = []
    entries: list[tuple[int | None, int]] = []  # stock row (None: left open), demand row
    for product, wants in contended.items():
        for node, qty in supply[product].items():
            rows[node, product] = len(upper)
            upper.append(max(0.0, qty / UNIT - _HAIR))
        # Leaving a unit open costs a little more than the dearest node: a total shortage then
        # raises all nodes alike instead of drowning the differences between them.
        dearest = max(max(want.unit_cost.values()) for want in wants) + 1
        for want in wants:
            for node in supply[product]:
                if node in want.unit_cost:
                    entries.append((rows[node, product], len(demand)))
                    cost.append(float(want.unit_cost[node]))
            entries.append((None, len(demand)))
            cost.append(float(dearest))
            demand.append(want.qty / UNIT)
    dual = _solve(upper, demand, cost, entries, seed)
    values: dict[tuple[str, str], int] = {}
    for product in contended:
        worth = {node: max(0, -round(dual[rows[node, product]])) for node in supply[product]}
        least = min(worth.values(), default=0)
        values |= {(node, product): w - least for node, w in worth.items() if w > least}
    return values


def _solve(
    upper: list[float],
    demand: list[float],
    cost: list[float],
    entries: list[tuple[int | None, int]],
    seed: int,
) -> list[float]:
    """Row duals of: ship all demand, at most the stock, at least cost."""
    offset = len(upper)
    index: list[int] = []
    starts = [0]
    for stock_row, demand_row in entries:
        index += [offset + demand_row] if stock_row is None else [stock_row, offset + demand_row]
        starts.append(len(index))
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(cost), offset + len(demand)
    model.col_cost_ = np.array(cost)
    model.col_lower_ = np.zeros(len(cost))
    model.col_upper_ = np.full(len(cost), highspy.kHighsInf)
    model.row_lower_ = np.array([-highspy.kHighsInf] * offset + demand)
    model.row_upper_ = np.array(upper + demand)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.array(starts)
    model.a_matrix_.index_ = np.array(index)
    model.a_matrix_.value_ = np.ones(len(index))
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (
        ("output_flag", False), ("solver", "simplex"), ("parallel", "off"),
        ("random_seed", seed % 2**31),
    ):  # fmt: skip
        solver.setOptionValue(option, value)
    solver.passModel(model)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise StockValueError(f"HiGHS ended with {solver.getModelStatus()}")
    return list(solver.getSolution().row_dual)
