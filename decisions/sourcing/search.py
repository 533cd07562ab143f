"""The best plan of an order: all sets of a few nodes, bounded from below.

For one set of nodes and one rate of each, the cheapest split is greedy: every product comes
first from the node where a unit of it costs least (a demand over capacities with linear costs).
So trying each mix of rates finds the optimum of a set wherever freight is a fixed part and a
part a kilogram; a weight break that bends the tariff can cost a little, which
benchmarks/sourcing measures against a MILP.
"""

from collections.abc import Sequence
from itertools import combinations, product

from decisions.sourcing.freight import FUEL_WHOLE
from decisions.sourcing.plan import Candidate, Plan
from decisions.sourcing.policy import SourcingPolicy
from decisions.sourcing.pricer import Piece, Pricer
from decisions.sourcing.units import KILOGRAM, UNIT


class BudgetExceededError(Exception):
    """More allocations than the policy allows; counted, not timed, so that replay agrees."""


def search(candidates: Sequence[Candidate], pricer: Pricer, policy: SourcingPolicy) -> list[Plan]:
    """Plans of the order, best first: the best of each set of nodes that was worth pricing.

    Raises BudgetExceededError above `policy.max_plans` priced allocations.
    """
    weight = pricer.demand.weight(pricer.demand.need)
    nodes = [_Node(candidate, pricer.pieces(candidate, weight)) for candidate in candidates]
    plans: list[Plan] = []
    best: tuple[int, int] | None = None
    left = policy.max_plans
    for size in range(1, policy.max_nodes + 1):
        for chosen in combinations(nodes, size):
            if best and size > 1 and _bound(chosen, pricer) > best:
                continue
            tried = _of_set(chosen, pricer, left)
            left -= len(tried)
            found = [plan for plan in tried if plan is not None]
            if found:
                plans.append(min(found, key=lambda plan: plan.rank))
                best = min(best or plans[-1].rank[:2], plans[-1].rank[:2])
    return sorted(plans, key=lambda plan: plan.rank)


class _Node:
    """A candidate with the rates that may serve, and the least part of each."""

    def __init__(self, candidate: Candidate, pieces: tuple[Piece, ...]) -> None:
        self.candidate = candidate
        self.pieces = pieces
        self.fixed = min((piece.fixed for piece in pieces), default=0)
        self.per_kg = min((piece.per_kg for piece in pieces), default=0)


def _of_set(chosen: Sequence[_Node], pricer: Pricer, budget: int) -> list[Plan | None]:
    """The plans in which each of these nodes ships something; None where one has no rate."""
    candidates = [node.candidate for node in chosen]
    fills = {
        _fill(candidates, mix, pricer): None for mix in product(*(node.pieces for node in chosen))
    }
    wanted = [fill for fill in fills if all(map(any, fill))]
    if len(wanted) > budget:
        raise BudgetExceededError("more allocations than the policy's max_plans")
    return [pricer.plan(list(zip(candidates, fill, strict=True))) for fill in wanted]


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


def _bound(chosen: Sequence[_Node], pricer: Pricer) -> tuple[int, int]:
    """What a plan of these nodes leaves open at least, and costs at least."""
    short = weight = rest = 0
    for j, need in enumerate(pricer.demand.need):
        sent = min(need, sum([node.candidate.have[j] for node in chosen]))
        short += need - sent
        weight += sent * pricer.demand.gram[j]
        rest += sent * min([node.candidate.unit[j] for node in chosen])
    fixed = sum([node.fixed for node in chosen])
    freight = min([node.per_kg for node in chosen]) * weight // (KILOGRAM * FUEL_WHOLE)
    roundings = 2 * len(chosen)
    return short, fixed + freight + rest // UNIT + pricer.split(len(chosen)) - roundings


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
            for piece in pricer.pieces(candidate, weight)
        ),
        default=0,
    )
    units = [candidate.unit for candidate in candidates]
    rest = sum(q * min(unit[j] for unit in units) for j, q in enumerate(sent)) if units else 0
    return min(plan.cost, freight + rest // UNIT)  # roundings
