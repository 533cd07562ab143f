"""The plain plan: the cheapest node first, the next one for what it lacks."""

from collections.abc import Sequence

from decisions.sourcing.plan import Candidate, Plan
from decisions.sourcing.pricer import Pricer


def greedy(ranked: Sequence[Candidate], pricer: Pricer, max_nodes: int) -> Plan | None:
    """Take from each node in turn all that is still open, from at most `max_nodes` of them.

    `ranked` comes cheapest node first. None if no node has anything.
    """
    rest = list(pricer.demand.need)
    fill: list[tuple[Candidate, tuple[int, ...]]] = []
    for candidate in ranked:
        qty = tuple(min(have, need) for have, need in zip(candidate.have, rest, strict=True))
        if not any(qty) or not pricer.quotes(candidate.node, pricer.demand.weight(qty)):
            continue
        fill.append((candidate, qty))
        rest = [need - got for need, got in zip(rest, qty, strict=True)]
        if len(fill) == max_nodes or not any(rest):
            break
    return pricer.plan(fill) if fill else None
