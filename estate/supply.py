"""Goods coming in: purchase orders are placed, arrive on time, late or in parts."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from math import ceil

from estate import stockroom
from estate.geography import NODE, NODES
from estate.opening import REORDER_DAYS, UP_TO_DAYS, daily_share
from estate.store import Row
from estate.world import World


@dataclass
class Received:
    """A line that the 3PL took in today, for its 944."""

    po_no: str
    sku: str
    lot_code: str
    units: int
    damaged: int


@dataclass
class Supplied:
    """What the 3PL must tell or be told: receipts, and purchase orders on their way to it."""

    receipts: list[Received] = field(default_factory=list)
    announced: list[Row] = field(default_factory=list)


def restock(world: World) -> Supplied:
    """Receive what arrives today, then order what runs low."""
    supplied = Supplied()
    _receive(world, supplied)
    _reorder(world, supplied)
    return supplied


def _receive(world: World, supplied: Supplied) -> None:
    rng = world.rng("receiving")
    touched: dict[str, datetime] = {}
    for line in world.book.all(
        "net.inbound", lambda line: not line["is_closed"] and line["arrives"] <= world.date
    ):
        at = world.at(13, rng.randint(0, 150))
        cases = line["ordered"] - line["received"]
        if cases > 1 and rng.random() < 0.10:
            cases = max(1, round(cases * 0.6))
        world.book.change("net.inbound", line, received=line["received"] + cases)
        if line["received"] == line["ordered"]:
            world.book.change("net.inbound", line, is_closed=1)
        else:
            world.book.change("net.inbound", line, arrives=world.date + timedelta(days=1))
        product = world.catalogue.by_sku[line["sku"]]
        units = cases * line["factor"]
        lot = stockroom.receive(world, line["node"], product, units, at, False, line["po_no"])
        damaged = rng.randint(1, 2) if rng.random() < 0.04 else 0
        if damaged:
            place = stockroom.bin_id(line["node"], product, "reserve")
            row = world.book.get("net.stock", line["node"], place, line["sku"], lot)
            if row is not None:
                stockroom.set_aside(world, row, damaged, "damaged", at + timedelta(minutes=5))
        if not NODE[line["node"]].is_own:
            supplied.receipts.append(Received(line["po_no"], line["sku"], lot, units, damaged))
        _post_receipt(world, line, at)
        touched[line["po_no"]] = max(at, touched.get(line["po_no"], at))
    waiting = {line["po_no"] for line in _inbound(world) if not line["is_closed"]}
    for po_no, at in touched.items():
        _post_status(world, po_no, po_no in waiting, at)


def _post_receipt(world: World, line: Row, at: datetime) -> None:
    row = world.book.get("erp.purchase_order_lines", line["po_no"], line["line_no"])
    if row is not None:
        received = Decimal(line["received"])
        world.book.change("erp.purchase_order_lines", row, received_qty=received, updated_at=at)


def _post_status(world: World, po_no: str, rest: bool, at: datetime) -> None:
    row = world.book.get("erp.purchase_orders", po_no)
    if row is not None:
        status = "partially_received" if rest else "received"
        world.book.change("erp.purchase_orders", row, status=status, updated_at=at)


def _inbound(world: World) -> list[Row]:
    return list(world.book.rows["net.inbound"].values())


def _reorder(world: World, supplied: Supplied) -> None:
    rng = world.rng("purchasing")
    coming: dict[tuple[str, str], int] = defaultdict(int)
    for line in _inbound(world):
        if not line["is_closed"]:
            units = (line["ordered"] - line["received"]) * line["factor"]
            coming[line["node"], line["sku"]] += units
    wanted: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for product in world.catalogue.products:
        for node in NODES:
            if node.code not in product.nodes:
                continue
            key = (node.code, product.sku)
            daily = daily_share(world, product, node.code)
            position = world.available(*key) - world.allocated[key] + coming[key]
            if position >= daily * REORDER_DAYS and position > 2:
                continue
            cases = ceil((daily * UP_TO_DAYS - position + 1) / product.case_factor)
            wanted[node.code, product.supplier_id].append((product.sku, max(1, cases)))
    for (node_code, supplier), lines in sorted(wanted.items()):
        late = rng.choices((0, 1, 2), (88, 8, 4))[0]
        lead = rng.randint(3, 6)
        _place(world, node_code, supplier, lines, lead, late, supplied)


def _place(
    world: World,
    node: str,
    supplier: str,
    lines: list[tuple[str, int]],
    lead: int,
    late: int,
    supplied: Supplied,
) -> None:
    po_no = f"PO-{world.number('po'):06d}"
    at = world.at(16, len(po_no) + world.counters["po"] % 40)
    expected = world.date + timedelta(days=lead)
    world.book.add(
        "erp.purchase_orders", po_no=po_no, supplier_id=supplier, warehouse_code=node,
        status="placed", ordered_at=at, expected_at=datetime.combine(expected, time(12)),
        updated_at=at,
    )  # fmt: skip
    for line_no, (sku, cases) in enumerate(lines, start=1):
        product = world.catalogue.by_sku[sku]
        world.book.add(
            "erp.purchase_order_lines", po_no=po_no, line_no=line_no, sku=sku,
            ordered_qty=Decimal(cases), ordered_uom="CA", received_qty=Decimal(0),
            unit_cost=product.cost * product.case_factor, updated_at=at,
        )  # fmt: skip
        row = world.book.add(
            "net.inbound", po_no=po_no, line_no=line_no, node=node, supplier_id=supplier, sku=sku,
            factor=product.case_factor, ordered=cases, received=0, is_closed=0,
            arrives=expected + timedelta(days=late),
        )  # fmt: skip
        if not NODE[node].is_own:
            supplied.announced.append(row)
