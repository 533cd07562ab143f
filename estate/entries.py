"""What the ERP's postings say, and making them come to something else.

The book only grows, as a ledger does: a hub that pulled a posting has what the ERP has for ever.
The book in truth.sqlite grows as well, since it is the ERP's own: the truth is in `net`.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from estate import postings, shop
from estate.schema import TRUTH
from estate.world import World


class Entry(NamedTuple):
    """What a posting says; signed base units."""

    node: str
    sku: str
    units: int
    doc_type: str | None = None
    doc_no: str | None = None


def posted(
    connection: Connection, world: World, documents: tuple[str, ...]
) -> Iterator[tuple[datetime, Entry]]:
    """When each document was posted and what its posting says; only those posted once."""
    c = TRUTH["erp.stock_postings"].c
    keys = (c.warehouse_code, c.sku, c.doc_type, c.doc_no)
    query = (
        select(func.min(c.posted_at), *keys, func.sum(c.qty))
        .where(c.doc_type.in_(documents), c.posted_at < world.close)
        .group_by(*keys)
        .having(func.count() == 1)
        .order_by(func.min(c.posting_id))
    )
    parts = {(line["po_no"], line["sku"]) for line in world.book.all("net.inbound")}
    for posted_at, node, sku, doc_type, doc_no, qty in connection.execute(query):
        # The rest of a purchase order is still to come and would hide what became of the first.
        if (doc_no, sku) not in parts:
            yield posted_at, Entry(node, sku, int(qty), doc_type, doc_no)


def figures(world: World) -> Iterator[tuple[datetime, Entry]]:
    """The close and an entry of no units for each of the ERP's figures."""
    for row in world.book.all("erp.stock"):
        yield world.close, Entry(row["warehouse_code"], row["sku"], 0)


def effect(was: Entry, shown: list[Entry]) -> dict[tuple[str, str], int]:
    """Base units too many by node and article."""
    units = {(was.node, was.sku): -was.units}
    for entry in shown:
        key = (entry.node, entry.sku)
        units[key] = units.get(key, 0) + entry.units
    return {key: count for key, count in units.items() if count}


def write(world: World, was: Entry, shown: list[Entry], at: datetime) -> None:
    """Let the book come to `shown` instead of `was`, by new postings: what was posted stays.

    Where `was` is no longer to be said it is reversed under its own document, as a ledger does it.
    """
    more = list(shown)
    if was in more:
        more.remove(was)
    elif was.units:
        more.insert(0, was._replace(units=-was.units))
    for entry in more:
        post(world, entry, at)


def post(world: World, entry: Entry, at: datetime) -> None:
    """Add a posting that says this."""
    qty = Decimal(entry.units)
    postings.post(world, entry.node, entry.sku, qty, at, entry.doc_type, entry.doc_no)


def push(world: World, was: Entry, shown: list[Entry], at: datetime) -> None:
    """Tell the shop the figures that these entries concern."""
    keys = sorted({(entry.node, entry.sku) for entry in (was, *shown)})
    shop.push(world, [world.book.rows["erp.stock"][key] for key in keys], at)
