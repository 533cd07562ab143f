"""Swings of demand: orders that are truly placed, many more or hardly any, while they last."""

from collections.abc import Mapping
from dataclasses import dataclass

from estate.geography import DESTINATION_WEIGHTS, DESTINATIONS
from estate.world import World

TIMES, LEFT = 20, 20


@dataclass(frozen=True)
class Swing:
    """It bends nothing that is shown: the days that follow are such, in the truth as well."""

    line: str


def demand(world: World, usual: int) -> tuple[int, int, str]:
    """Orders of today in all regions, how many come on top of them, and from which region.

    A region's surge stays whole where all demand collapses: it is counted from the usual.
    """
    region = DESTINATIONS[world.seed % len(DESTINATIONS)]
    share = DESTINATION_WEIGHTS[world.seed % len(DESTINATIONS)] / sum(DESTINATION_WEIGHTS)
    more = round(usual * share * (TIMES - 1)) if "demand_surge" in world.faults else 0
    count = -(-usual // LEFT) if "demand_collapse" in world.faults else usual
    return count, more, region


SWINGS: Mapping[str, Swing] = {
    "demand_surge": Swing(f"One region orders {TIMES} times as much on the days that follow."),
    "demand_collapse": Swing("Demand collapses: one order in 20 is left on the days that follow."),
}
