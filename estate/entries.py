"""What the ERP's postings say, and making them say something else.

The book in truth.sqlite is changed as well, since it is the ERP's own: the truth is in `net`.
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
) -> Iterator[tuple[datetime, int, Entry]]:
    """When each document was posted, its posting and what that says; only those posted once."""
    c = TRUTH["erp.stock_postings"].c
    keys = (c.warehouse_code, c.sku, c.doc_type, c.doc_no)
    query = (
        select(func.min(c.posted_at), func.min(c.posting_id), *keys, func.sum(c.qty))
        .where(c.doc_type.in_(documents), c.posted_at < world.close)
        .group_by(*keys)
        .having(func.count() == 1)
        .order_by(func.min(c.posting_id))
    )
    parts = {(line["po_no"], line["sku"]) for line in world.book.all("net.inbound")}
    for posted_at, posting_id, node, sku, doc_type, doc_no, qty in connection.execute(query):
        # The rest of a purchase order is still to come and would hide what became of the first.
        if (doc_no, sku) not in parts:
            yield posted_at, posting_id, Entry(node, sku, int(qty), doc_type, doc_no)


def figures(world: World) -> Iterator[tuple[datetime, None, Entry]]:
    """The close, no posting, and an entry of no units for each of the ERP's figures."""
    for row in world.book.all("erp.stock"):
        yield world.close, None, Entry(row["warehouse_code"], row["sku"], 0)


def effect(was: Entry, shown: list[Entry]) -> dict[tuple[str, str], int]:
    """Base units too many by node and article."""
    units = {(was.node, was.sku): -was.units}
    for entry in shown:
        key = (entry.node, entry.sku)
        units[key] = units.get(key, 0) + entry.units
    return {key: count for key, count in units.items() if count}


def rewrite(
    connection: Connection,
    world: World,
    posting_id: int | None,
    was: Entry,
    shown: list[Entry],
    at: datetime,
) -> None:
    """Let the book say `shown`: the first in the posting's own place, what is more after it."""
    more = shown
    if posting_id is not None:
        if shown:
            table = TRUTH["erp.stock_postings"]
            query = select(table).where(table.c.posting_id == posting_id)
            row = dict(connection.execute(query).mappings().one())
            first, *more = shown
            qty = Decimal(first.units)
            row |= {"warehouse_code": first.node, "sku": first.sku, "qty": qty}
            world.book.add("erp.stock_postings", **row)
            postings.carry(world, first.node, first.sku, qty, at)
        else:
            world.book.remove("erp.stock_postings", posting_id)
        postings.carry(world, was.node, was.sku, -Decimal(was.units), at)
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
