"""The floor: shipments of earlier days are picked, packed and shipped, some short or late."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from estate import parcels, shipments, stockroom
from estate.geography import NODE
from estate.shipments import shipment_lines, tell_wms
from estate.store import Row
from estate.world import World

Picked = list[tuple[Row, Row, int]]


def work(world: World) -> tuple[list[Row], list[Row]]:
    """Play the day on the floor; gives the shipments that ended, and those that we recalled."""
    rng = world.rng("floor")
    today = world.at(0)
    ready: list[tuple[datetime, Row]] = []
    recalled = []
    for shipment in world.book.all("net.shipments"):
        if shipment["released_at"] >= today or shipment["shipped_at"] is not None:
            continue
        if shipment["status"] == "cancelled":  # this morning, before the floor began
            continue
        chance, minute = rng.random(), rng.randint(0, 560)
        waited = (today - shipment["released_at"]).days
        # What was left over yesterday has a reason, and sometimes we give up on it.
        if chance < (0.80 if waited else 0.91):
            ready.append((world.at(10, minute), shipment))
        elif waited and chance < 0.90:
            recalled.append(shipment)
            shipments.end(world, shipment, world.at(9), "cancelled")
        elif chance < 0.96 and NODE[shipment["node"]].is_own:
            world.book.change("net.shipments", shipment, status="picking")
            tell_wms(world, shipment, world.at(12, minute / 2), lines=False)
    ready.sort(key=lambda item: (item[0], item[1]["shipment_no"]))
    for at, shipment in ready:
        _ship(world, rng, shipment, at)
    return [shipment for _, shipment in ready], recalled


def _ship(world: World, rng: Random, shipment: Row, at: datetime) -> None:
    picked: Picked = []
    for line in shipment_lines(world, shipment["shipment_no"]):
        wanted = line["ordered"]
        if rng.random() < 0.012:
            wanted = rng.randint(0, wanted - 1)
        for row, units in stockroom.pick(world, shipment["node"], line["sku"], wanted):
            _take(world, shipment, line, row, units, at)
            picked.append((line, row, units))
    if not picked:
        shipments.end(world, shipment, at, "cancelled")
        return
    parcels.pack(world, rng, shipment, picked, at)
    shipments.end(world, shipment, at, "shipped")


def _take(world: World, shipment: Row, line: Row, row: Row, units: int, at: datetime) -> None:
    world.book.change("net.shipment_lines", line, shipped=line["shipped"] + units)
    stockroom.ship(world, row, units, at, shipment["shipment_no"])
    if NODE[shipment["node"]].is_own:
        world.book.add(
            "wms.picks", pick_id=world.number("pick"), shipment_no=shipment["shipment_no"],
            order_line_no=line["line_no"], bin_id=row["bin"], lot_code=row["lot_code"],
            item_id=world.catalogue.by_sku[line["sku"]].item_id, qty=Decimal(units),
            picked_at=at - timedelta(minutes=35),
        )  # fmt: skip
