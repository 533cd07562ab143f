"""Faults in the ERP's stock book: what it posted is not what happened, and its figure follows.

A mistake is a posting of its own, dated after the close. Where it stands instead of another, that
one is reversed under its own document and never changed: a hub may have pulled it already.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from sqlalchemy import Connection

from estate import discrepancies, entries
from estate.deeds import Deed
from estate.entries import Entry
from estate.geography import NODE
from estate.store import EstateError
from estate.world import World

CASES = 5
"""Documents that a fault meets."""
RECEIPT, SHIPMENT, COUNT = "purchase_order", "shipment", "count"


@dataclass(frozen=True)
class Misposting(Deed):
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
        for was, shown in cases:
            for (node, sku), units in entries.effect(was, shown).items():
                discrepancies.record(world, name, "erp", node, sku, self.kind, units)
            entries.write(world, was, shown, at)
            entries.push(world, was, shown, at)
        return [[was, shown] for was, shown in cases]

    def mend(self, connection: Connection, world: World, targets: list[Any], at: datetime) -> None:
        """Reverse what is wrong under its own document, and post what is missing."""
        for case in targets:
            was, shown = Entry(*case[0]), [Entry(*entry) for entry in case[1]]
            for node, sku in entries.effect(was, shown):
                discrepancies.settle(world, node, sku)
            if was in shown:
                shown.remove(was)
            elif was.units:
                shown.append(was._replace(units=-was.units))
            for entry in shown:
                entries.post(world, entry._replace(units=-entry.units), at)
            entries.push(world, was, shown, at)

    def _choose(
        self, connection: Connection, world: World, name: str
    ) -> list[tuple[Entry, list[Entry]]]:
        rng = world.rng(f"fault:{name}")
        found = (
            entries.posted(connection, world, self.documents)
            if self.documents
            else entries.figures(world)
        )
        candidates = list(found)
        rng.shuffle(candidates)
        # The newest first: what is wrong in the book is found within days.
        candidates.sort(key=lambda candidate: candidate[0], reverse=True)
        cases: list[tuple[Entry, list[Entry]]] = []
        taken: set[tuple[str, str]] = set()
        for _, was in candidates:
            shown = self.instead(was, world, rng)
            effect = {} if shown is None else entries.effect(was, shown)
            if not effect or any(key in taken or not _fits(world, key, effect) for key in effect):
                continue
            taken |= effect.keys()
            cases.append((was, shown or []))
            if len(cases) == CASES:
                break
        return cases


def _fits(world: World, key: tuple[str, str], effect: Mapping[tuple[str, str], int]) -> bool:
    stock = world.book.get("erp.stock", *key)
    if stock is None or discrepancies.standing(world, *key) is not None:
        return False
    return bool(stock["on_hand_qty"] + effect[key] >= 0)


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
        "Some receipts of purchase orders do not stand in the ERP's book: posted, then reversed.",
        "missing_document",
        (RECEIPT,),
        lambda was, world, rng: [],
    ),
    "shipment_not_posted": Misposting(
        "Some shipments do not stand in the ERP's book: posted, then reversed.",
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
        "Some counts of the WMS do not stand in the ERP's book: posted, then reversed.",
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
