"""A day in the network, in the order in which its people do things."""

from estate import demand, fulfilment, opening, postings, shop, sourcing, supply, threepl, upkeep
from estate.world import World


def open_books(world: World) -> None:
    """Day 0: nothing happens but that everything is written down once."""
    opening.open_books(world)
    postings.post_changes(world, world.close)
    shop.open_shop(world)
    threepl.send_stock(world)


def play(world: World) -> None:
    """Let the next day happen in memory; nobody outside sees it before it is written."""
    world.day += 1
    world.packed.clear()
    postings.post_night(world)
    shop.push_night(world)
    demand.take_back(world)
    released = sourcing.source(world)
    demand.receive_orders(world)
    ended, recalled = fulfilment.work(world)
    supplied = supply.restock(world)
    upkeep.count_stock(world)
    threepl.send_orders(world, released, recalled)
    threepl.send_advice(world, ended)
    threepl.send_receipts(world, supplied.receipts)
    threepl.send_notices(world, supplied)
    threepl.send_adjustments(world)
    threepl.send_stock(world)
