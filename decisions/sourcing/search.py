"""The best plan of an order: all sets of a few nodes, bounded from below.

For one set of nodes and one rate of each, the cheapest split is greedy: every product comes
first from the node where a unit of it costs least (a demand over capacities with linear costs).
So trying each mix of rates finds the optimum of a set wherever freight is a fixed part and a
part a kilogram; a weight break that bends the tariff can cost a little, which
benchmarks/sourcing measures against a MILP.
"""

from collections.abc import Sequence
from itertools import combinations, product
from typing import NamedTuple

from decisions.sourcing.freight import FUEL_WHOLE
from decisions.sourcing.plan import Candidate, Plan, Pricer
from decisions.sourcing.policy import SourcingPolicy
from decisions.sourcing.units import KILOGRAM, UNIT


class BudgetExceededError(Exception):
    """More allocations than the policy allows; counted, not timed, so that replay agrees."""


class Piece(NamedTuple):
    """A rate as a straight line: ticks of a shipment, and per_kg as in `Rate`."""

    fixed: int
    per_kg: int


def search(candidates: Sequence[Candidate], pricer: Pricer, policy: SourcingPolicy) -> list[Plan]:
    """Plans of the order, best first: the best of each set of nodes that was worth pricing.

    Raises BudgetExceededError above `policy.max_plans` priced allocations.
    """
    weight = pricer.demand.weight(pricer.demand.need)
    pieces = [_pieces(candidate, pricer, weight) for candidate in candidates]
    plans: list[Plan] = []
    best: tuple[int, int] | None = None
    for size in range(1, policy.max_nodes + 1):
        for members in combinations(range(len(candidates)), size):
            chosen = [candidates[i] for i in members]
            if best and size > 1 and _bound(chosen, [pieces[i] for i in members], pricer) > best:
                continue
            plan = _best_of(chosen, [pieces[i] for i in members], pricer, policy.max_plans)
            if plan is not None:
                plans.append(plan)
                best = min(best or plan.rank[:2], plan.rank[:2])
    return sorted(plans, key=lambda plan: plan.rank)


def _best_of(
    chosen: Sequence[Candidate], pieces: Sequence[Sequence[Piece]], pricer: Pricer, budget: int
) -> Plan | None:
    """The best plan in which each of these nodes ships something."""
    best: Plan | None = None
    seen = set()
    for mix in product(*pieces):
        fill = _fill(chosen, mix, pricer)
        if fill in seen or not all(map(any, fill)):
            continue
        seen.add(fill)
        if pricer.priced > budget:
            raise BudgetExceededError(f"more than {budget} allocations")
        plan = pricer.plan(list(zip(chosen, fill, strict=True)))
        if plan is not None and (best is None or plan.rank < best.rank):
            best = plan
    return best


def _fill(
    chosen: Sequence[Candidate], mix: Sequence[Piece], pricer: Pricer
) -> tuple[tuple[int, ...], ...]:
    """Quantities by node and product: each product from where a unit of it costs least."""
    if len(chosen) == 1:
        return (chosen[0].have,)
    taken = [[0] * len(pricer.demand.need) for _ in chosen]
    units = [candidate.unit for candidate in chosen]
    for j, (need, gram) in enumerate(zip(pricer.demand.need, pricer.demand.gram, strict=True)):
        by_cost = sorted(
            range(len(chosen)),
            key=lambda i: (mix[i].per_kg * gram + units[i][j] * 1000 * FUEL_WHOLE, i),
        )
        for i in by_cost:
            taken[i][j] = min(need, chosen[i].have[j])
            need -= taken[i][j]
    return tuple(tuple(qty) for qty in taken)


def _pieces(candidate: Candidate, pricer: Pricer, weight: int) -> tuple[Piece, ...]:
    """The rates that can be cheapest for some weight up to `weight`."""
    lines = sorted(
        Piece(rate.base // FUEL_WHOLE + pricer.fixed(rate.transit_days), rate.per_kg)
        for offer in candidate.offers
        for rate in offer.rates
        if rate.break_ug <= weight
    )
    kept: list[Piece] = []
    lowest: int | None = None
    for line in lines:
        # With a larger fixed part, a rate must win at the full weight to win anywhere.
        full = line.fixed * KILOGRAM * FUEL_WHOLE + line.per_kg * weight
        if lowest is None or full < lowest:
            kept.append(line)
            lowest = full
    return tuple(kept)


def _bound(
    chosen: Sequence[Candidate], pieces: Sequence[Sequence[Piece]], pricer: Pricer
) -> tuple[int, int]:
    """What a plan of these nodes leaves open at least, and costs at least."""
    demand = pricer.demand
    units = [candidate.unit for candidate in chosen]
    slope = min((piece.per_kg for options in pieces for piece in options), default=0)
    short = weight = rest = 0
    for j, need in enumerate(demand.need):
        sent = min(need, sum(candidate.have[j] for candidate in chosen))
        short += need - sent
        weight += sent * demand.gram[j]
        rest += sent * min(unit[j] for unit in units)
    fixed = sum(min((piece.fixed for piece in options), default=0) for options in pieces)
    cost = fixed + slope * weight // (KILOGRAM * FUEL_WHOLE) + rest // UNIT
    return short, cost + pricer.split(len(chosen)) - 2 * len(chosen)  # roundings


def lower_bound(candidates: Sequence[Candidate], pricer: Pricer, plan: Plan) -> int:
    """Ticks that no plan for the same quantities undercuts, had every node all stock.

    The cheapest rate from one node for the whole weight, and each unit where it is handled and
    valued least: splitting adds fixed parts and can only raise the slope.
    """
    demand = pricer.demand
    sent = tuple(need - short for need, short in zip(demand.need, plan.short, strict=True))
    weight = demand.weight(sent)
    freight = min(
        (
            piece.fixed + piece.per_kg * weight // (KILOGRAM * FUEL_WHOLE)
            for candidate in candidates
            for piece in _pieces(candidate, pricer, weight)
        ),
        default=0,
    )
    units = [candidate.unit for candidate in candidates]
    rest = sum(q * min(unit[j] for unit in units) for j, q in enumerate(sent)) if units else 0
    return min(plan.cost, freight + rest // UNIT)  # roundings
