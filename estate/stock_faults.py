"""Faults on the floor: units that are gone and nobody knows, and one unit promised twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from estate import discrepancies, orders
from estate.deeds import Deed
from estate.geography import NODE
from estate.store import EstateError
from estate.world import World

CASES = 3


@dataclass(frozen=True)
class Phantom(Deed):
    """The floor holds fewer than every system says: `net.stock` alone tells, and `net.phantoms`."""

    line: str

    def commit(self, connection: Connection, world: World, name: str, at: datetime) -> list[Any]:
        """Take units away without a word."""
        bent = {
            key[1] for known in world.faults.values() for key in known["targets"] if _is_bin(key)
        }
        # The 3PL tells each evening what it holds: there somebody would know.
        found = world.book.all(
            "net.stock",
            lambda row: (
                row["disposition"] == "available"
                and row["qty"] >= 4
                and NODE[row["node"]].is_own
                and discrepancies.standing(world, row["node"], row["sku"]) is None
                and world.catalogue.by_sku[row["sku"]].item_id not in bent
            ),
        )
        chosen = world.rng(f"fault:{name}").sample(found, min(CASES, len(found)))
        if not chosen:
            raise EstateError(f"Fault '{name}' finds no stock. Advance a day, then inject it.")
        taken = []
        for row in chosen:
            units = row["qty"] // 2
            world.book.change("net.stock", row, qty=row["qty"] - units)
            key = (row["node"], row["bin"], row["sku"], row["lot_code"])
            world.phantoms[key] = units
            taken.append([*key, units])
        return taken

    def mend(self, connection: Connection, world: World, targets: list[Any], at: datetime) -> None:
        """Find the units again, where they lay."""
        for *key, units in targets:
            row = world.book.rows["net.stock"][tuple(key)]
            world.book.change("net.stock", row, qty=row["qty"] + units)
            del world.phantoms[tuple(key)]


@dataclass(frozen=True)
class TwiceAllocated(Deed):
    """A second open shipment of the WMS asks for units that the first will take."""

    line: str

    def commit(self, connection: Connection, world: World, name: str, at: datetime) -> list[Any]:
        """Release a shipment that nobody asked for, where the least is left."""
        places = []
        for line in world.book.all("net.shipment_lines", lambda line: not line["is_closed"]):
            node = world.book.rows["net.shipments"][line["shipment_no"],]["node"]
            key = (node, line["sku"])
            free = world.available(*key) - world.allocated[key]
            if NODE[node].is_own and free >= 0:
                places.append((free, *key, line["order_no"]))
        waiting = [
            line
            for line in world.book.all("net.lines", lambda line: not line["is_closed"])
            if orders.open_units(line) > 0
        ]
        since = world.at(9)
        for free, node, sku, taken_by in sorted(set(places)):
            for line in waiting:
                if line["sku"] == sku and line["order_no"] != taken_by:
                    # At least one more than is left, whatever the order asks for.
                    units = max(orders.open_units(line), free + 1)
                    second = [line["order_no"], line["line_no"], node, sku, units]
                    _tell(world, second, "released", since, at)
                    return [[*second, since.isoformat()]]
        raise EstateError(
            f"Fault '{name}' finds no two orders for the last unit at one of our own nodes."
            " Advance a day, then inject it."
        )

    def mend(self, connection: Connection, world: World, targets: list[Any], at: datetime) -> None:
        """Cancel it."""
        for *second, since in targets:
            _tell(world, second, "cancelled", datetime.fromisoformat(since), at)


def _is_bin(key: Any) -> bool:
    """Whether a fault's target is a row of `wms.stock`: bin, article, lot."""
    return isinstance(key, list) and len(key) == 3 and isinstance(key[1], int)


def _tell(world: World, second: Sequence[Any], status: str, since: datetime, at: datetime) -> None:
    order_no, line_no, node, sku, units = second
    number = f"SH-2{order_no[-6:]}"
    world.book.add(
        "wms.shipments", shipment_no=number, order_no=order_no, facility_code=node, carrier="UPS",
        service="Ground", status=status, released_at=since, shipped_at=None, updated_at=at,
    )  # fmt: skip
    world.book.add(
        "wms.shipment_lines", shipment_no=number, order_line_no=line_no,
        item_id=world.catalogue.by_sku[sku].item_id, qty_ordered=Decimal(units),
        qty_shipped=Decimal(0), updated_at=at,
    )  # fmt: skip


FLOOR = {
    "phantom_stock": Phantom(
        "Units are gone from our own nodes and no system knows: `truth phantom_stock` tells them."
    ),
    "two_allocations": TwiceAllocated(
        "The WMS has two open shipments for the last units of an article."
    ),
}
