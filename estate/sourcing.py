"""The network's own naive policy: the nearest node that has it; and what is told to the nodes."""

from datetime import datetime
from decimal import Decimal
from random import Random

from estate import orders
from estate.freight import SERVICES, Service
from estate.geography import NODE, THREEPL, Node, nearest_nodes
from estate.store import Row
from estate.world import World

Share = list[tuple[Row, int]]


def source(world: World) -> list[Row]:
    """Give the open lines of earlier days to nodes; the answer is the shipments released today."""
    rng = world.rng("sourcing")
    today = world.at(0)
    waiting = []
    for order in world.book.all("erp.sales_orders", lambda o: o["placed_at"] < today):
        if order["status"] in {"shipped", "cancelled"}:
            continue
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
    # All that goes to the 3PL goes in one file: its GS time is when the node was told.
    at = world.at(7, 30) if node is THREEPL else world.at(7, rng.uniform(0, 55))
    weight = sum(world.catalogue.by_sku[line["sku"]].gross_g * units for line, units in share)
    service = _service(rng, order["priority"], weight)
    shipment_no = f"SH-{world.number('shipment'):07d}"
    shipment = world.book.add(
        "net.shipments", shipment_no=shipment_no, order_no=order["order_no"], node=node.code,
        carrier=service.carrier, service=service.name, status="released", released_at=at,
        shipped_at=None,
    )  # fmt: skip
    for line, units in share:
        world.book.add(
            "net.shipment_lines", shipment_no=shipment_no, line_no=line["line_no"],
            order_no=order["order_no"], sku=line["sku"], ordered=units, shipped=0, is_closed=0,
        )  # fmt: skip
        world.allocated[node.code, line["sku"]] += units
        orders.allocate(world, line, units, at)
    tell_wms(world, shipment, at)
    return shipment


def _service(rng: Random, priority: int, weight_g: int) -> Service:
    wanted = [s for s in SERVICES if s.is_express == (priority <= 2)]
    heavy = [s for s in wanted if weight_g < 20_000 or s.carrier != "USPS"]
    return rng.choice(heavy)


def shipment_lines(world: World, shipment_no: str) -> list[Row]:
    """Lines of a living shipment, by line number; an order has at most four."""
    found = (world.book.get("net.shipment_lines", shipment_no, number) for number in range(1, 5))
    return [line for line in found if line is not None]


def tell_wms(world: World, shipment: Row, at: datetime, *, lines: bool = True) -> None:
    """Let an own node's WMS hold the shipment as it is now; at the 3PL there is none."""
    if not NODE[shipment["node"]].is_own:
        return
    same = ("shipment_no", "order_no", "carrier", "service", "status", "released_at", "shipped_at")
    world.book.add(
        "wms.shipments", **{name: shipment[name] for name in same},
        facility_code=shipment["node"], updated_at=at,
    )  # fmt: skip
    for line in shipment_lines(world, shipment["shipment_no"]) if lines else ():
        world.book.add(
            "wms.shipment_lines", shipment_no=shipment["shipment_no"],
            order_line_no=line["line_no"], item_id=world.catalogue.by_sku[line["sku"]].item_id,
            qty_ordered=Decimal(line["ordered"]), qty_shipped=Decimal(line["shipped"]),
            updated_at=at,
        )  # fmt: skip
