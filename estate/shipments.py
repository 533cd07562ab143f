"""A shipment in the books: asked of a node, told to its WMS, ended; whoever decided it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from estate import orders
from estate.freight import Service
from estate.geography import NODE, THREEPL, Node
from estate.store import Row
from estate.world import World

Share = Sequence[tuple[Row, int]]
"""Order lines with the base units that a node is asked for."""


def release(
    world: World,
    shipment_no: str,
    order_no: str,
    node: Node,
    service: Service,
    share: Share,
    minute: float,
) -> Row:
    """Ask a node for its share of an order, so many minutes after 07:00."""
    # All that goes to the 3PL goes in one file: its GS time is when the node was told.
    at = world.at(7, 30) if node is THREEPL else world.at(7, minute)
    shipment = world.book.add(
        "net.shipments", shipment_no=shipment_no, order_no=order_no, node=node.code,
        carrier=service.carrier, service=service.name, status="released", released_at=at,
        shipped_at=None,
    )  # fmt: skip
    for line, units in share:
        world.book.add(
            "net.shipment_lines", shipment_no=shipment_no, line_no=line["line_no"],
            order_no=order_no, sku=line["sku"], ordered=units, shipped=0, is_closed=0,
        )  # fmt: skip
        world.allocated[node.code, line["sku"]] += units
        orders.allocate(world, line, units, at)
    tell_wms(world, shipment, at)
    return shipment


def note_origin(
    world: World,
    shipment_no: str,
    asked_by: str,
    channel: str | None = None,
    key: str | None = None,
    sent_at: datetime | None = None,
) -> None:
    """Write who asked for a shipment of a led network: `hub`, or the `fallback`."""
    world.book.add(
        "net.releases", shipment_no=shipment_no, asked_by=asked_by, channel=channel, key=key,
        sent_at=sent_at,
    )  # fmt: skip


def end(world: World, shipment: Row, at: datetime, status: str) -> None:
    """Close a shipment as `shipped` or `cancelled`: what was not shipped of it is open again."""
    shipped_at = at if status == "shipped" else None
    world.book.change("net.shipments", shipment, status=status, shipped_at=shipped_at)
    for line in shipment_lines(world, shipment["shipment_no"]):
        world.book.change("net.shipment_lines", line, is_closed=1)
        world.allocated[shipment["node"], line["sku"]] -= line["ordered"]
        owner = world.book.get("net.lines", line["order_no"], line["line_no"])
        if owner is not None:
            orders.ship(world, owner, line["ordered"], line["shipped"], at)
    tell_wms(world, shipment, at)


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
