"""What is left of an order line, and what the ERP says about it."""

from datetime import datetime
from decimal import Decimal

from estate.store import Row
from estate.world import World


def lines_of(world: World, order_no: str) -> list[Row]:
    """Every line of a living order, also those that are done."""
    found: list[Row] = []
    while (line := world.book.get("net.lines", order_no, len(found) + 1)) is not None:
        found.append(line)
    return found


def open_units(line: Row) -> int:
    """Base units that no node has been asked for yet."""
    return int(line["ordered"] - line["cancelled"] - line["allocated"] - line["shipped"])


def cancel(world: World, line: Row, units: int, at: datetime) -> None:
    """Take back base units of a line; a whole number of what was ordered in."""
    units = min(units, open_units(line))
    world.book.change("net.lines", line, cancelled=line["cancelled"] + units)
    refresh(world, line["order_no"], at)


def allocate(world: World, line: Row, units: int, at: datetime) -> None:
    """Ask a node for base units of a line."""
    world.book.change("net.lines", line, allocated=line["allocated"] + units)
    refresh(world, line["order_no"], at)


def ship(world: World, line: Row, asked: int, shipped: int, at: datetime) -> None:
    """End a node's work on a line: what it did not ship is open again."""
    world.book.change(
        "net.lines", line, allocated=line["allocated"] - asked, shipped=line["shipped"] + shipped
    )
    refresh(world, line["order_no"], at)


def refresh(world: World, order_no: str, at: datetime) -> None:
    """Let the ERP's statuses follow, and close an order to which nothing more can happen."""
    lines = lines_of(world, order_no)
    statuses = [_status(line) for line in lines]
    for line, status in zip(lines, statuses, strict=True):
        row = world.book.get("erp.sales_order_lines", order_no, line["line_no"])
        cancelled = Decimal(line["cancelled"]) / line["factor"]
        if row is not None and (row["status"], row["cancelled_qty"]) != (status, cancelled):
            world.book.change(
                "erp.sales_order_lines", row, status=status, cancelled_qty=cancelled, updated_at=at
            )
    order = world.book.get("erp.sales_orders", order_no)
    live = {status for status in statuses if status != "cancelled"}
    whole = "cancelled" if not live else live.pop() if len(live) == 1 else "in_fulfilment"
    if order is not None and order["status"] != whole:
        world.book.change("erp.sales_orders", order, status=whole, updated_at=at)
    if whole in {"shipped", "cancelled"}:
        for line in lines:
            world.book.change("net.lines", line, is_closed=1)


def _status(line: Row) -> str:
    if line["cancelled"] == line["ordered"]:
        return "cancelled"
    if line["shipped"] >= line["ordered"] - line["cancelled"]:
        return "shipped"
    return "in_fulfilment" if line["allocated"] or line["shipped"] else "open"
