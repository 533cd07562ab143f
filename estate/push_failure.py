"""A fault between ERP and shop: some listings keep an older figure while the others go on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select

from estate import discrepancies, shop
from estate.deeds import Deed
from estate.schema import TRUTH
from estate.store import EstateError, Row
from estate.world import World, close_of

CASES = 5
"""Listings at a location that the fault meets."""


@dataclass(frozen=True)
class PushFailure(Deed):
    """The figures of the night before the last stay, dated as they were."""

    line: str

    def commit(self, connection: Connection, world: World, name: str, at: datetime) -> list[Any]:
        """Put older figures back and let the pushes of coming nights pass them by.

        Raises EstateError where last night brought no figure of the shop a change.
        """
        changed = list(_changed_last_night(connection, world))
        chosen = world.rng(f"fault:{name}").sample(changed, min(CASES, len(changed)))
        if not chosen:
            raise EstateError(
                f"Fault '{name}' finds no figure of the shop that last night changed."
                " Advance a day, then inject it."
            )
        before = world.at(1) - timedelta(days=1)
        if world.day == 1:
            before = close_of(0).replace(tzinfo=None)
        for node, sku, level, older in chosen:
            units = int(older - level["available"])
            discrepancies.record(world, name, "shop", node, sku, shop.STALE, units)
            world.book.change("shop.inventory_levels", level, available=older, updated_at=before)
        return [[node, sku] for node, sku, _, _ in chosen]

    def mend(self, connection: Connection, world: World, targets: list[Any], at: datetime) -> None:
        """Push the figures of today."""
        for node, sku in targets:
            discrepancies.settle(world, node, sku)
            shop.push(world, [world.book.rows["erp.stock"][node, sku]], at)


def _changed_last_night(
    connection: Connection, world: World
) -> Iterator[tuple[str, str, Row, Decimal]]:
    """Node, article, the shop's row and what it showed before, of figures that are right."""
    c = TRUTH["erp.stock_postings"].c
    query = (
        select(c.warehouse_code, c.sku, func.sum(c.qty))
        .where(c.posted_at >= world.at(0))
        .group_by(c.warehouse_code, c.sku)
        .order_by(c.warehouse_code, c.sku)
    )
    for node, sku, qty in connection.execute(query):
        level = shop.level_of(world, node, sku)
        if level is None or discrepancies.standing(world, node, sku) is not None:
            continue
        stock = world.book.rows["erp.stock"][node, sku]
        older = shop.listable({**stock, "on_hand_qty": stock["on_hand_qty"] - Decimal(str(qty))})
        if older != level["available"]:
            yield node, sku, level, older
