"""The joint optimum of a backlog as a mixed-integer programme, solved by HiGHS.

All orders at once, so it sees what a decision order by order cannot. For an order o, a node n and
a rate r (service and weight break): y[o,n,r] is 1 if o ships from n at r, w[o,n,r] its kilograms,
q[o,p,n] the units of product p. Quantities are continuous, which can only lower the optimum.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import highspy
import pyarrow as pa

from benchmarks.sourcing.instances import NOW
from decisions.sourcing.freight import FUEL_WHOLE, Offer, Tariff
from decisions.sourcing.plan import Demand
from decisions.sourcing.policy import SourcingPolicy
from decisions.sourcing.problem import Node, Order, nodes, orders, stock
from decisions.sourcing.units import UNIT

# Dollars a unit left open: above any freight here, so that the optimum ships all that it can.
SHORT = 1000.0


class Optimum(NamedTuple):
    """The best plan that HiGHS found: units left open, dollars, and the dollars it proved least."""

    short: float
    cost: float
    bound: float


def optimum(tables: Mapping[str, pa.Table], policy: SourcingPolicy, limit_s: float) -> Optimum:
    """Solve a backlog to a gap of 1e-6 or until `limit_s` seconds have passed."""
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("time_limit", limit_s), ("mip_rel_gap", 1e-6)):
        solver.setOptionValue(option, value)
    tariff = Tariff(
        tables["carrier_rate"],
        tables["carrier_service"],
        today=NOW.date(),
        currency=policy.currency,
    )
    left = stock(tables["inventory_atp"])
    taken: dict[tuple[str, str], list[Any]] = defaultdict(list)
    short: list[Any] = []
    for order in orders(tables)[0]:
        short += _order(solver, order, nodes(tables["node"]), tariff, policy, left, taken)
    for place, quantities in taken.items():
        solver.addConstr(solver.qsum(quantities) <= left[place] / UNIT)
    solver.minimize()
    info, values = solver.getInfo(), solver.getSolution().col_value
    left_open = round(sum(values[variable.index] for variable in short), 6)
    penalty = SHORT * left_open
    return Optimum(
        left_open, info.objective_function_value - penalty, info.mip_dual_bound - penalty
    )


def _order(
    solver: Any, order: Order, places: list[Node], tariff: Tariff, policy: SourcingPolicy,
    left: Mapping[tuple[str, str], int], taken: dict[tuple[str, str], list[Any]],
) -> list[Any]:  # fmt: skip
    """Add an order's variables and rules; hands back the variables of what it leaves open."""
    demand = Demand.of(order)
    shipments: list[Any] = []
    short = {product: solver.addVariable(lb=0, obj=SHORT) for product in demand.products}
    arriving = {product: [variable] for product, variable in short.items()}
    for node in places:
        unit = policy.handling_per_unit_3pl if node.type == "3pl" else policy.handling_per_unit
        weight = []
        for product, need, gram in zip(demand.products, demand.need, demand.gram, strict=True):
            have = min(need, left.get((node.uid, product), 0)) / UNIT
            if have:
                qty = solver.addVariable(lb=0, ub=have, obj=float(unit))
                arriving[product].append(qty)
                taken[node.uid, product].append(qty)
                weight.append(qty * (gram / 1000))
        if not weight:
            continue
        heaviest = demand.weight(demand.need) / 1e9
        rates = _rates(solver, order, tariff.offers(node.zone, order.zone), policy, heaviest)
        solver.addConstr(solver.qsum(weight) == solver.qsum([kg for _, kg in rates]))
        solver.addConstr(solver.qsum([used for used, _ in rates]) <= 1)
        shipments += [used for used, _ in rates]
    for product, need in zip(demand.products, demand.need, strict=True):
        solver.addConstr(solver.qsum(arriving[product]) == need / UNIT)
    if shipments:
        solver.addConstr(solver.qsum(shipments) <= policy.max_nodes)
        extra = solver.addVariable(lb=0, obj=float(policy.split_penalty))
        solver.addConstr(solver.qsum(shipments) - extra <= 1)
    return list(short.values())


def _rates(
    solver: Any, order: Order, offers: tuple[Offer, ...], policy: SourcingPolicy, heaviest: float
) -> list[tuple[Any, Any]]:
    """Whether the shipment goes at a rate, and its kilograms then."""
    found = []
    for offer in offers:
        ceiling = heaviest
        for rate in offer.rates:  # by falling break: each holds up to the one before
            lowest = rate.break_ug / 1e9
            if lowest > heaviest:
                ceiling = min(ceiling, lowest)
                continue
            arrives = NOW + timedelta(days=policy.handling_days + rate.transit_days)
            late = max(0, -((order.promised_by - arrives) // timedelta(days=1)))
            fixed = rate.base / FUEL_WHOLE / 1e4
            fixed += float(policy.handling_per_shipment + late * policy.late_per_day)
            used = solver.addBinary(obj=fixed)
            kg = solver.addVariable(lb=0, obj=rate.per_kg / FUEL_WHOLE / 1e4)
            solver.addConstr(kg - ceiling * used <= 0)
            solver.addConstr(kg - lowest * used >= 0)
            found.append((used, kg))
            ceiling = lowest
    return found
