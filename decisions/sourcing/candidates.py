"""Which nodes are worth a look for an order, and why the others are not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from decisions.sourcing.plan import Candidate
from decisions.sourcing.policy import SourcingPolicy
from decisions.sourcing.pricer import Pricer
from decisions.sourcing.problem import Node, Order, Stock
from decisions.sourcing.units import plain

Values = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Field:
    """The nodes as one order sees them: `ranked` by what the whole order would cost from each.

    `reachable` are the open ones with a rate, `ranked` those that are searched as well,
    `eliminated` has the reason of each other node.
    """

    reachable: tuple[Candidate, ...]
    ranked: tuple[Candidate, ...]
    eliminated: tuple[tuple[Node, str], ...]

    @property
    def has_rate(self) -> bool:
        """Whether any open node can ship there at all."""
        return bool(self.reachable)


def survey(
    nodes: Sequence[Node], stock: Stock, values: Values, pricer: Pricer, policy: SourcingPolicy
) -> Field:
    """Look at all nodes for the pricer's order, and keep at most `policy.candidate_nodes`.

    Of each product the two cheapest nodes that hold it stay, then the cheapest overall, so that
    a rare product never loses its only node.
    """
    demand = pricer.demand
    eliminated: list[tuple[Node, str]] = []
    reachable: list[Candidate] = []
    stocked: list[tuple[int, str, Candidate]] = []
    for node in nodes:
        if node.closed is not None:
            eliminated.append((node, node.closed))
            continue
        have = tuple(
            min(need, stock.get((node.uid, product), 0))
            for product, need in zip(demand.products, demand.need, strict=True)
        )
        value = tuple(values.get((node.uid, product), 0) for product in demand.products)
        candidate = pricer.candidate(node, have, value)
        whole = pricer.whole(candidate)
        if whole is None:
            eliminated.append((node, f"no rate from {node.zone} to {pricer.order.zone}"))
            continue
        reachable.append(candidate)
        if any(have):
            stocked.append((whole, node.code, candidate))
        else:
            eliminated.append((node, no_stock(pricer.order, demand.products, have)))
    stocked.sort(key=lambda item: item[:2])
    ranked = [candidate for _, _, candidate in stocked]
    kept = _keep(ranked, policy.candidate_nodes)
    eliminated += [
        (candidate.node, f"not among the {policy.candidate_nodes} cheapest nodes with stock")
        for candidate in ranked
        if candidate not in kept
    ]
    return Field(tuple(reachable), tuple(kept), tuple(eliminated))


def no_stock(order: Order, products: Sequence[str], have: Sequence[int]) -> str:
    """Which articles a node or a plan lacks: "no stock of AA-00042 (2 of 5)"."""
    had = dict(zip(products, have, strict=True))
    need: dict[str, tuple[str, int]] = {}
    for line in order.lines:
        before = need.get(line.product_uid, (line.sku, 0))[1]
        need[line.product_uid] = line.sku, before + line.qty
    lacking = [
        f"{sku} ({plain(had[product])} of {plain(qty)})" if had[product] else sku
        for product, (sku, qty) in need.items()
        if had[product] < qty
    ]
    return f"no stock of {', '.join(lacking)}"


def _keep(ranked: Sequence[Candidate], limit: int) -> list[Candidate]:
    if len(ranked) <= limit:
        return list(ranked)
    products = range(len(ranked[0].have))
    holders = [[c for c in ranked if c.have[j]][:2] for j in products]
    wanted = [c for place in (0, 1) for holder in holders for c in holder[place : place + 1]]
    first = list({c.node.uid: c for c in [*wanted, *ranked]}.values())[:limit]
    chosen = {c.node.uid for c in first}
    return [c for c in ranked if c.node.uid in chosen]
