"""Packing: what was picked for a shipment goes into one parcel or two, each with a label."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from estate import tracking
from estate.freight import SERVICE, quote, rate
from estate.geography import NODE
from estate.gs1 import check_digit, sscc18
from estate.store import Row
from estate.world import World

TARE_G = 120
TWO_PARCELS_FROM_G = 15_000


class Packed(NamedTuple):
    """A part of a line in a parcel: one LX loop of a 945."""

    parcel: Row
    line: Row
    lot_code: str
    units: int
    weight_g: int


def pack(
    world: World, rng: Random, shipment: Row, picked: list[tuple[Row, Row, int]], at: datetime
) -> None:
    """Fill parcels from (line, position, units), label them and plan their journey."""
    loads = _loads(world, rng, picked)
    order = world.book.get("erp.sales_orders", shipment["order_no"])
    postal = order["ship_postal"] if order else "00000"
    packed = []
    for load in loads:
        # Shipments come in the order in which they leave, so that a later number is never older.
        parcel = _parcel(world, shipment, postal, at - timedelta(minutes=40))
        for index, (line, row, units) in enumerate(load):
            weight = world.catalogue.by_sku[line["sku"]].gross_g * units + (0 if index else TARE_G)
            packed.append(Packed(parcel, line, row["lot_code"], units, weight))
            parcel["weight_g"] += weight
        _measure(world, rng, parcel, load)
        _label(world, shipment, parcel, postal)
        _list_items(world, shipment, parcel, load, at)
        tracking.plan(world, rng, parcel, at)
    world.packed[shipment["shipment_no"]] = packed


def _loads(
    world: World, rng: Random, picked: list[tuple[Row, Row, int]]
) -> list[list[tuple[Row, Row, int]]]:
    grams = [world.catalogue.by_sku[line["sku"]].gross_g * units for line, _, units in picked]
    several = sum(units for _, _, units in picked) > 1
    if not several or (sum(grams) <= TWO_PARCELS_FROM_G and rng.random() >= 0.08):
        return [picked]
    half = max(1, sum(units for _, _, units in picked) // 2)
    first: list[tuple[Row, Row, int]] = []
    second: list[tuple[Row, Row, int]] = []
    for line, row, units in picked:
        part = min(units, half)
        half -= part
        if part:
            first.append((line, row, part))
        if units > part:
            second.append((line, row, units - part))
    return [first, second]


def _parcel(world: World, shipment: Row, postal: str, created: datetime) -> Row:
    seq = world.number("parcel")
    return world.book.add(
        "net.parcels", seq=seq, sscc18=sscc18(seq), shipment_no=shipment["shipment_no"],
        node=shipment["node"], carrier=shipment["carrier"], service=shipment["service"],
        tracking_no=_tracking_no(shipment["carrier"], seq), length_mm=0, width_mm=0, height_mm=0,
        weight_g=0, cost=Decimal(0), transit_days=0, ship_postal=postal, created_at=created,
    )  # fmt: skip


def _tracking_no(carrier: str, seq: int) -> str:
    match carrier:
        case "USPS":
            body = f"9400195290{seq:011d}"
            return body + check_digit(body)
        case "UPS":
            return f"1ZE57A7E03{seq:08d}"
        case _:
            return f"7952{seq:08d}"


def _measure(world: World, rng: Random, parcel: Row, load: list[tuple[Row, Row, int]]) -> None:
    volume = 0
    for line, _, units in load:
        length, width, height = world.catalogue.by_sku[line["sku"]].size
        volume += length * width * height * units
    edge = (volume * rng.uniform(1.2, 1.7)) ** (1 / 3)
    parcel.update(
        length_mm=max(120, round(edge * 1.3)),
        width_mm=max(90, round(edge)),
        height_mm=max(50, round(edge * 0.77)),
    )


def _label(world: World, shipment: Row, parcel: Row, postal: str) -> None:
    orig = NODE[parcel["node"]].place.postal
    service = SERVICE[shipment["carrier"], shipment["service"]]
    parcel["cost"] = quote(service, orig[0], postal[0], parcel["weight_g"])
    parcel["transit_days"] = rate(service, orig[0], postal[0], 0).transit_days


def _list_items(
    world: World, shipment: Row, parcel: Row, load: list[tuple[Row, Row, int]], at: datetime
) -> None:
    units_of: dict[int, tuple[str, int]] = {}
    for line, _, units in load:
        _, before = units_of.get(line["line_no"], ("", 0))
        units_of[line["line_no"]] = (line["sku"], before + units)
    is_own = NODE[shipment["node"]].is_own
    sscc = parcel["sscc18"]
    for line_no, (sku, units) in units_of.items():
        world.book.add("net.parcel_items", sscc18=sscc, line_no=line_no, sku=sku, qty=units)
        if is_own:
            world.book.add(
                "wms.package_items", sscc18=sscc, order_line_no=line_no, qty=Decimal(units),
                item_id=world.catalogue.by_sku[sku].item_id, updated_at=at,
            )  # fmt: skip
    if is_own:
        same = (
            "sscc18", "shipment_no", "carrier", "tracking_no", "length_mm", "width_mm",
            "height_mm", "weight_g",
        )  # fmt: skip
        world.book.add("wms.packages", **{name: parcel[name] for name in same}, updated_at=at)
