"""The network's own naive policy: the nearest node that has it."""

from datetime import timedelta
from random import Random

from estate import orders, shipments
from estate.freight import SERVICES, Service
from estate.geography import THREEPL, Node, nearest_nodes
from estate.store import Row
from estate.world import World

Share = list[tuple[Row, int]]


def source(world: World) -> list[Row]:
    """Give the open lines of earlier days to nodes; the answer is the shipments released today.

    In a led network this is the plain fallback: only for what is still open `world.patience` days
    after it was placed, so that a hub whose gate is closed does not stop the business. The day's
    requests come first, so a hub that goes on deciding is not forestalled.
    """
    rng = world.rng("sourcing")
    waiting = []
    for order in _waiting(world):
        wanted = [
            line
            for line in orders.lines_of(world, order["order_no"])
            if orders.open_units(line) > 0
        ]
        if wanted:
            waiting.append((order, wanted))
    waiting.sort(
        key=lambda item: (item[0]["priority"], item[0]["promised_by"], item[0]["order_no"])
    )
    released = []
    for order, lines in waiting:
        for node, share in _split(world, order["ship_postal"], lines):
            released.append(_release(world, rng, order, node, share))
    return released


def _waiting(world: World) -> list[Row]:
    before = world.at(0)
    if world.led:
        if world.patience is None:
            return []
        before -= timedelta(days=max(0, world.patience - 1))
    return world.book.all(
        "erp.sales_orders",
        lambda o: o["placed_at"] < before and o["status"] not in {"shipped", "cancelled"},
    )


def _split(world: World, postal: str, lines: list[Row]) -> list[tuple[Node, Share]]:
    near = nearest_nodes(postal)
    free = {
        (node.code, line["sku"]): max(
            0,
            world.available(node.code, line["sku"]) - world.allocated[node.code, line["sku"]],
        )
        for node in near
        for line in lines
    }
    for node in near:
        if all(free[node.code, line["sku"]] >= orders.open_units(line) for line in lines):
            return [(node, [(line, orders.open_units(line)) for line in lines])]
    shares: dict[str, Share] = {}
    for line in lines:
        wanted = orders.open_units(line)
        best = next((n for n in near if free[n.code, line["sku"]] >= wanted), None)
        best = best or next((n for n in near if free[n.code, line["sku"]] > 0), None)
        if best is not None:
            units = min(wanted, free[best.code, line["sku"]])
            shares.setdefault(best.code, []).append((line, units))
    return [(node, shares[node.code]) for node in near if node.code in shares]


def _release(world: World, rng: Random, order: Row, node: Node, share: Share) -> Row:
    minute = 0.0 if node is THREEPL else rng.uniform(0, 55)
    weight = sum(world.catalogue.by_sku[line["sku"]].gross_g * units for line, units in share)
    service = _service(rng, order["priority"], weight)
    shipment_no = f"SH-{world.number('shipment'):07d}"
    if world.led:
        shipments.note_origin(world, shipment_no, "fallback")
    return shipments.release(world, shipment_no, order["order_no"], node, service, share, minute)


def _service(rng: Random, priority: int, weight_g: int) -> Service:
    wanted = [s for s in SERVICES if s.is_express == (priority <= 2)]
    heavy = [s for s in wanted if weight_g < 20_000 or s.carrier != "USPS"]
    return rng.choice(heavy)
