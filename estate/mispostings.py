"""Faults in the ERP's stock book: what it posted is not what happened, and its figure follows.

The book in truth.sqlite says so as well, since it is the ERP's own: the truth is in the `net`
tables. Documents of the last night are taken first, so that a hub which pulled the day before sees
the book grow and never change; one that has the posting already keeps it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from estate import discrepancies, postings, shop
from estate.geography import NODE
from estate.schema import TRUTH
from estate.store import EstateError
from estate.world import World

CASES = 5
"""Documents that a fault meets."""
RECEIPT, SHIPMENT, COUNT = "purchase_order", "shipment", "count"


class Entry(NamedTuple):
    """What a posting says; signed base units."""

    node: str
    sku: str
    units: int
    doc_type: str | None = None
    doc_no: str | None = None


@dataclass(frozen=True)
class Misposting:
    """`instead` tells what the book says in place of a posting; None where that cannot be.

    It is asked about postings of the `documents`, or, where it has none, about figures of
    `erp.stock`, as an entry of no units. `kind` is the class of what it brings about.
    """

    line: str
    kind: str
    documents: tuple[str, ...]
    instead: Callable[[Entry, World, Random], list[Entry] | None]

    def commit(self, connection: Connection, world: World, name: str, at: datetime) -> list[Any]:
        """Write it into the book; the answer is what `mend` needs.

        Raises EstateError where no posting lends itself.
        """
        cases = self._choose(connection, world, name)
        if not cases:
            what = " or ".join(self.documents).replace("_", " ") or "stock figure"
            raise EstateError(
                f"Fault '{name}' finds no posted {what} that it could meet."
                " Clear other faults or advance a few days, then inject it."
            )
        for posting_id, was, shown in cases:
            for (node, sku), units in _effect(was, shown).items():
                discrepancies.record(world, name, "erp", node, sku, self.kind, units)
            _rewrite(connection, world, posting_id, was, shown, at)
            _push(world, was, shown, at)
        return [[was, shown] for _, was, shown in cases]

    def mend(self, world: World, targets: list[Any], at: datetime) -> None:
        """Reverse what is wrong under its own document, and post what is missing."""
        for case in targets:
            was, shown = Entry(*case[0]), [Entry(*entry) for entry in case[1]]
            for node, sku in _effect(was, shown):
                discrepancies.settle(world, node, sku)
            if was in shown:
                shown.remove(was)
            elif was.units:
                shown.append(was._replace(units=-was.units))
            for entry in shown:
                _post(world, entry._replace(units=-entry.units), at)
            _push(world, was, shown, at)

    def _choose(
        self, connection: Connection, world: World, name: str
    ) -> list[tuple[int | None, Entry, list[Entry]]]:
        rng = world.rng(f"fault:{name}")
        found = _posted(connection, world, self.documents) if self.documents else _figures(world)
        candidates = list(found)
        rng.shuffle(candidates)
        candidates.sort(key=lambda candidate: candidate[0], reverse=True)
        cases: list[tuple[int | None, Entry, list[Entry]]] = []
        taken: set[tuple[str, str]] = set()
        for _, posting_id, was in candidates:
            shown = self.instead(was, world, rng)
            effect = {} if shown is None else _effect(was, shown)
            if not effect or any(key in taken or not _fits(world, key, effect) for key in effect):
                continue
            taken |= effect.keys()
            cases.append((posting_id, was, shown or []))
            if len(cases) == CASES:
                break
        return cases


def _posted(
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


def _figures(world: World) -> Iterator[tuple[datetime, None, Entry]]:
    for row in world.book.all("erp.stock"):
        yield world.close, None, Entry(row["warehouse_code"], row["sku"], 0)


def _effect(was: Entry, shown: list[Entry]) -> dict[tuple[str, str], int]:
    """Base units too many by node and article."""
    units = {(was.node, was.sku): -was.units}
    for entry in shown:
        key = (entry.node, entry.sku)
        units[key] = units.get(key, 0) + entry.units
    return {key: count for key, count in units.items() if count}


def _fits(world: World, key: tuple[str, str], effect: Mapping[tuple[str, str], int]) -> bool:
    stock = world.book.get("erp.stock", *key)
    if stock is None or discrepancies.standing(world, *key) is not None:
        return False
    return bool(stock["on_hand_qty"] + effect[key] >= 0)


def _rewrite(
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
        _post(world, entry, at)


def _post(world: World, entry: Entry, at: datetime) -> None:
    qty = Decimal(entry.units)
    postings.post(world, entry.node, entry.sku, qty, at, entry.doc_type, entry.doc_no)


def _push(world: World, was: Entry, shown: list[Entry], at: datetime) -> None:
    keys = sorted({(entry.node, entry.sku) for entry in (was, *shown)})
    shop.push(world, [world.book.rows["erp.stock"][key] for key in keys], at)


def _in_cases(was: Entry, world: World, rng: Random) -> list[Entry] | None:
    factor = world.catalogue.by_sku[was.sku].case_factor
    return None if was.units % factor else [was._replace(units=was.units // factor)]


def _other_sku(was: Entry, world: World, rng: Random) -> list[Entry]:
    return [was._replace(sku=rng.choice(world.catalogue.products).sku)]


def _other_node(was: Entry, world: World, rng: Random) -> list[Entry]:
    return [was._replace(node=rng.choice(sorted(NODE)))]


def _count_missed(was: Entry, world: World, rng: Random) -> list[Entry] | None:
    # The 3PL tells no counts: nobody outside could know that one is missing.
    return [] if NODE[was.node].is_own else None


MISPOSTINGS = {
    "receipt_not_posted": Misposting(
        "The ERP has not posted some receipts of purchase orders.",
        "missing_document",
        (RECEIPT,),
        lambda was, world, rng: [],
    ),
    "shipment_not_posted": Misposting(
        "The ERP has not posted some shipments.",
        "missing_document",
        (SHIPMENT,),
        lambda was, world, rng: [],
    ),
    "posted_twice": Misposting(
        "The ERP has posted some receipts and shipments twice.",
        "duplicate_document",
        (RECEIPT, SHIPMENT),
        lambda was, world, rng: [was, was],
    ),
    "posted_in_cases": Misposting(
        "The ERP has posted some receipts in cases where eaches were meant.",
        "pack_factor",
        (RECEIPT,),
        _in_cases,
    ),
    "posted_to_wrong_sku": Misposting(
        "The ERP has posted some receipts and shipments to another article.",
        "mis_mapped",
        (RECEIPT, SHIPMENT),
        _other_sku,
    ),
    "posted_to_wrong_node": Misposting(
        "The ERP has posted some receipts and shipments to another warehouse.",
        "misplaced",
        (RECEIPT, SHIPMENT),
        _other_node,
    ),
    "count_not_posted": Misposting(
        "The ERP has not posted some counts of the WMS.",
        "unposted_adjustment",
        (COUNT,),
        _count_missed,
    ),
    "manual_correction": Misposting(
        "Somebody has corrected some of the ERP's stock figures without a document.",
        "unexplained",
        (),
        lambda was, world, rng: [was._replace(units=rng.choice((-9, -6, -4, 5, 7, 8)))],
    ),
}
