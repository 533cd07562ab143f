"""The ERP's stock book: each night it posts, document by document, what the nodes told it."""

from datetime import datetime
from decimal import Decimal

from estate import discrepancies
from estate.store import Row
from estate.world import World

# A night's chance that somebody corrects a figure by hand, and that a standing correction is
# noticed and taken back: in the long run about 2 % of the figures are wrong by hand.
CORRECTED, TAKEN_BACK = 0.01, 0.5


def note(world: World, node: str, sku: str, units: int, doc_type: str, doc_no: str) -> None:
    """Keep a change of stock, signed base units, for the night in which the ERP posts it."""
    key = (world.date, node, sku, doc_type, doc_no)
    row = world.book.get("net.changes", *key)
    if row is None:
        world.book.add(
            "net.changes", date=world.date, node=node, sku=sku, doc_type=doc_type, doc_no=doc_no,
            qty=units, is_posted=0,
        )  # fmt: skip
    else:
        world.book.change("net.changes", row, qty=row["qty"] + units)


def post_changes(world: World, at: datetime) -> None:
    """Post what the nodes told since the last time."""
    for change in world.book.all("net.changes"):
        post(
            world, change["node"], change["sku"], Decimal(change["qty"]), at,
            change["doc_type"], change["doc_no"] or None,
        )  # fmt: skip
        world.book.change("net.changes", change, is_posted=1)


def post_night(world: World) -> None:
    """Post yesterday, then let people correct what they think is wrong, without a document."""
    at = world.at(0, 30)
    post_changes(world, at)
    rng = world.rng("corrections")
    for row in world.book.all("erp.stock"):
        chance, units = rng.random(), rng.choice((-2, -1, 1, 3))
        node, sku = row["warehouse_code"], row["sku"]
        known = discrepancies.standing(world, node, sku)
        if known is None and chance < CORRECTED:
            units = units if row["on_hand_qty"] + units >= 0 else -units
            post(world, node, sku, Decimal(units), at)
            discrepancies.record(world, None, "erp", node, sku, "unexplained", units)
        elif known is not None and known["fault"] is None and chance < TAKEN_BACK:
            post(world, node, sku, -Decimal(known["qty"]), at)
            discrepancies.settle(world, node, sku)


def post(
    world: World,
    node: str,
    sku: str,
    qty: Decimal,
    at: datetime,
    doc_type: str | None = None,
    doc_no: str | None = None,
) -> Row:
    """Add a posting, signed base units, and carry it into `erp.stock`."""
    posting = world.book.add(
        "erp.stock_postings", posting_id=world.number("posting"), posted_at=at,
        warehouse_code=node, sku=sku, qty=qty, doc_type=doc_type, doc_no=doc_no,
    )  # fmt: skip
    stock = world.book.rows["erp.stock"][node, sku]
    world.book.change("erp.stock", stock, on_hand_qty=stock["on_hand_qty"] + qty, updated_at=at)
    return posting
