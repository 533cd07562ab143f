"""Stock: every change goes through here, so that a WMS movement stands behind each.

What comes, goes or is counted is noted for the ERP; a move within a node changes nothing there.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from estate import postings
from estate.catalogue import Product
from estate.geography import NODE
from estate.store import Row
from estate.world import World

SET_ASIDE = {"quality_control": "QC", "damaged": "DMG"}
# What goods pass on their way out and in, where the WMS writes every hand-over.
WAY_OUT, WAY_IN = ("CART", "PACK", "SHIP"), "DOCK"
# Kinds of movement that change nothing of what a node holds.
INTERNAL = {"move", "putaway"}


def bin_id(node: str, product: Product, kind: str) -> str:
    """The location where a node keeps an article; the 3PL shows us no locations, only one pool."""
    if not NODE[node].is_own:
        return f"{node}-POOL"
    aisle, rest = divmod(product.number, 40)
    bay, level = divmod(rest, 4)
    return f"{node}-{'P' if kind == 'pick' else 'R'}{aisle + 1:02d}-{bay + 1:02d}-{level + 1}"


def add_bin(world: World, node: str, code: str, kind: str) -> None:
    """Put up a location."""
    _, aisle, *place = code.split("-")
    bay, level = (*place, "1")[:2]
    world.book.add(
        "wms.bins", bin_id=code, facility_code=node, zone=aisle[0], aisle=aisle, bay=bay,
        level=level, bin_type=kind, updated_at=world.entered() if world.day == 0 else world.at(5),
    )  # fmt: skip


def add_stations(world: World, node: str) -> None:
    """Put up what goods pass on their way out and in."""
    for station in WAY_OUT:
        add_bin(world, node, f"{node}-{station}-01", "stage")
    add_bin(world, node, f"{node}-{WAY_IN}-01", "dock")


def receive(
    world: World,
    node: str,
    product: Product,
    units: int,
    at: datetime,
    to_pick: bool,
    po_no: str | None,
) -> str:
    """Put away a new lot; the answer is its code."""
    lot = f"L{world.number('lot:' + product.sku):04d}"
    life = product.shelf_life_days
    expiry = at.date() + timedelta(days=life) if life else None
    if NODE[node].is_own:
        world.book.add(
            "wms.lots", item_id=product.item_id, lot_code=lot, expiry_date=expiry,
            status="released", mfg_date=at.date() - timedelta(days=20) if life else None,
            updated_at=at,
        )  # fmt: skip
    place = bin_id(node, product, "pick" if to_pick else "reserve")
    row = _position(world, node, product.sku, place, lot, "available", expiry)
    if po_no and _is_followed(world, node):
        _pass(world, row, units, at, WAY_IN, "receive", "purchase_order", po_no)
        _pass(world, row, -units, at, WAY_IN, "putaway")
        post(world, row, units, at, "putaway")
        postings.note(world, node, product.sku, units, "purchase_order", po_no)
    else:
        post(world, row, units, at, "receive", "purchase_order" if po_no else None, po_no)
    return lot


def ship(world: World, row: Row, units: int, at: datetime, shipment_no: str) -> None:
    """Take units out of a position and out of the house for a shipment."""
    if not _is_followed(world, row["node"]):
        post(world, row, -units, at, "pick", "shipment", shipment_no)
        return
    post(world, row, -units, at, "move")
    for here in WAY_OUT[:-1]:
        _pass(world, row, units, at, here, "move")
        _pass(world, row, -units, at, here, "move")
    _pass(world, row, units, at, WAY_OUT[-1], "move")
    _pass(world, row, -units, at, WAY_OUT[-1], "ship", "shipment", shipment_no)
    postings.note(world, row["node"], row["sku"], -units, "shipment", shipment_no)


def _is_followed(world: World, node: str) -> bool:
    return world.handovers and NODE[node].is_own


def _pass(
    world: World,
    row: Row,
    units: int,
    at: datetime,
    station: str,
    kind: str,
    doc_type: str | None = None,
    doc_no: str | None = None,
) -> None:
    """Write a movement of a position's goods at a station, which is empty again at the close."""
    item_id = world.catalogue.by_sku[row["sku"]].item_id
    code = f"{row['node']}-{station}-01"
    where = {"bin_id": code, "item_id": item_id, "lot_code": row["lot_code"]}
    node = row["node"]
    world.book.add(
        "wms.stock", **where, facility_code=node, qty=Decimal(0), updated_at=at,
        disposition="available",
    )  # fmt: skip
    world.book.add(
        "wms.movements", movement_id=world.number("movement"), occurred_at=at, facility_code=node,
        **where, qty=Decimal(units), movement_type=kind, doc_type=doc_type, doc_no=doc_no,
    )  # fmt: skip


def post(
    world: World,
    row: Row,
    units: int,
    at: datetime,
    kind: str,
    doc_type: str | None = None,
    doc_no: str | None = None,
) -> None:
    """Add signed base units to a position, with the movement that explains them."""
    book = world.book
    book.change("net.stock", row, qty=row["qty"] + units)
    node = row["node"]
    if kind not in INTERNAL:
        postings.note(world, node, row["sku"], units, doc_type or "opening", doc_no or "")
    if not NODE[node].is_own:
        return
    item_id = world.catalogue.by_sku[row["sku"]].item_id
    where = {"bin_id": row["bin"], "item_id": item_id, "lot_code": row["lot_code"]}
    # The day's events are played one kind after the other, so not in the order of their times.
    before = book.dirty["wms.stock"].get((row["bin"], item_id, row["lot_code"]))
    changed = max(at, before["updated_at"]) if before else at
    gone = world.phantoms.get((node, row["bin"], row["sku"], row["lot_code"]), 0)
    book.add(
        "wms.stock", **where, facility_code=node, qty=Decimal(row["qty"] + gone),
        updated_at=changed, disposition=row["disposition"],
    )  # fmt: skip
    book.add(
        "wms.movements", movement_id=world.number("movement"), occurred_at=at, facility_code=node,
        **where, qty=Decimal(units), movement_type=kind, doc_type=doc_type, doc_no=doc_no,
    )  # fmt: skip


def set_aside(world: World, row: Row, units: int, disposition: str, at: datetime) -> None:
    """Move units out of a position to where nobody picks."""
    node = row["node"]
    place = f"{node}-{SET_ASIDE[disposition]}-01"
    target = _position(
        world, node, row["sku"], place, row["lot_code"], disposition, row["expiry_date"]
    )
    post(world, row, -units, at, "move")
    post(world, target, units, at, "move")


def pick(world: World, node: str, sku: str, units: int) -> list[tuple[Row, int]]:
    """Positions from which to take up to `units`, the lot that expires first before the others."""
    rows = [
        r for r in world.positions[node, sku] if r["disposition"] == "available" and r["qty"] > 0
    ]
    rows.sort(key=lambda r: (str(r["expiry_date"] or "9999"), r["lot_code"], r["bin"]))
    taken = []
    for row in rows:
        if units <= 0:
            break
        part = min(units, row["qty"])
        taken.append((row, part))
        units -= part
    return taken


def _position(
    world: World, node: str, sku: str, place: str, lot: str, disposition: str, expiry: object
) -> Row:
    found = world.book.get("net.stock", node, place, sku, lot)
    if found is None:
        found = world.book.add(
            "net.stock", node=node, bin=place, sku=sku, lot_code=lot, disposition=disposition,
            qty=0, expiry_date=expiry,
        )  # fmt: skip
        world.positions[node, sku].append(found)
    return found
