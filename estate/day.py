"""A day in the network, in the order in which its people do things."""

from collections.abc import Sequence

from estate import (
    demand,
    fulfilment,
    leading,
    opening,
    postings,
    shop,
    sourcing,
    supply,
    threepl,
    upkeep,
)
from estate.request import Request
from estate.world import World


def open_books(world: World) -> None:
    """Day 0: nothing happens but that everything is written down once."""
    opening.open_books(world)
    postings.post_changes(world, world.close)
    shop.open_shop(world)
    threepl.send_stock(world)


def play(world: World, requests: Sequence[Request] = ()) -> None:
    """Let the next day happen in memory; nobody outside sees it before it is written.

    `requests` are what others have asked the nodes for, to be carried out today.
    """
    world.day += 1
    world.packed.clear()
    postings.post_night(world)
    shop.push_night(world)
    demand.take_back(world)
    refused = leading.carry_out(world, requests)
    released = sourcing.source(world)
    demand.receive_orders(world)
    ended, recalled = fulfilment.work(world)
    supplied = supply.restock(world)
    upkeep.count_stock(world)
    threepl.send_orders(world, released, recalled)
    threepl.send_refusals(world, refused)
    threepl.send_advice(world, ended)
    threepl.send_receipts(world, supplied.receipts)
    threepl.send_notices(world, supplied)
    threepl.send_adjustments(world)
    threepl.send_stock(world)
