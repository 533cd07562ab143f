"""Faults in what an article is called: wrong codes, one article under two numbers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from estate.deeds import Deed
from estate.schema import TRUTH
from estate.shop import listing
from estate.store import EstateError, Row
from estate.world import World

DOUBLED = "article_doubled"


def swapped_keys(connection: Connection, world: World) -> list[list[Any]]:
    """Two items of the WMS that have a GTIN."""
    table = TRUTH["wms.items"]
    query = select(table.c.item_id).where(table.c.gtin14.is_not(None)).order_by(table.c.item_id)
    items = list(connection.execute(query).scalars())
    return [[item] for item in world.rng("fault:swap").sample(items, 2)] if len(items) > 1 else []


def swapped(row: Row, world: World) -> Row:
    """The GTIN of the other of the two."""
    items = [item for (item,) in world.faults["gtins_swapped"]["targets"]]
    other = items[1 - items.index(row["item_id"])]
    return {"gtin14": world.catalogue.by_item[other].each}


def reused_keys(connection: Connection, world: World) -> list[list[Any]]:
    """A listing that is sold."""
    found = [
        listing(world.seed, product).listing_id
        for product in world.catalogue.products
        if listing(world.seed, product).status == "active" and product.lifecycle == "active"
    ]
    return [[world.rng("fault:reuse").choice(found)]] if found else []


def reused(row: Row, world: World) -> Row:
    """The GTIN of an article that is being discontinued, or else of the one least asked for."""
    others = [
        product
        for product in world.catalogue.products
        if listing(world.seed, product).listing_id != row["listing_id"]
    ]
    if not others:
        return {}
    old = min(others, key=lambda p: (p.lifecycle != "phase_out", p.popularity, p.sku))
    return {"barcode": old.gtin13}


@dataclass(frozen=True)
class Doubled(Deed):
    """The ERP lists an article anew; today's orders and every second one to come use the number."""

    line: str

    def commit(self, connection: Connection, world: World, name: str, at: datetime) -> list[Any]:
        """List it and let the open lines of today use it.

        Raises EstateError where nobody has ordered anything that could be doubled.
        """
        waiting = world.book.all(
            "erp.sales_order_lines", lambda line: line["status"] == "open" and _is_one(line, world)
        )
        if not waiting:
            raise EstateError(f"Fault '{name}' finds no open order. Advance a day, then inject it.")
        sku = world.rng(f"fault:{name}").choice(sorted({line["sku"] for line in waiting}))
        double = f"{sku[:3]}9{sku[4:]}"
        product = world.book.rows["erp.products"][sku,]
        world.book.add("erp.products", **{**product, "sku": double, "updated_at": at})
        for level in ("each", "case"):
            pack = world.book.rows["erp.product_packs"][sku, level]
            world.book.add("erp.product_packs", **{**pack, "sku": double, "updated_at": at})
        for line in waiting:
            if line["sku"] == sku:
                world.book.change("erp.sales_order_lines", line, sku=double, updated_at=at)
        return [[sku, double]]

    def mend(self, connection: Connection, world: World, targets: list[Any], at: datetime) -> None:
        """Take the number away again, from every line that bears it."""
        table = TRUTH["erp.sales_order_lines"]
        for sku, double in targets:
            query = select(table).where(table.c.sku == double)
            for row in connection.execute(query.order_by(*table.primary_key)).mappings():
                living = world.book.get("erp.sales_order_lines", row["order_no"], row["line_no"])
                values = dict(living or row) | {"sku": sku, "updated_at": at}
                world.book.add("erp.sales_order_lines", **values)
            world.book.remove("erp.products", double)
            for level in ("each", "case"):
                world.book.remove("erp.product_packs", double, level)


def ordered_as(world: World, sku: str, order_no: str) -> str:
    """The ERP's number by which a new order line names an article."""
    for one, double in world.faults.get(DOUBLED, {}).get("targets", ()):
        if sku == one and int(order_no[3:]) % 2:
            return str(double)
    return sku


def doubled(world: World) -> list[Row]:
    """The second numbers, as the truth tells of articles."""
    targets = world.faults.get(DOUBLED, {}).get("targets", ())
    return [{"system": "erp", "source_key": double, "sku": sku} for sku, double in targets]


def _is_one(line: Row, world: World) -> bool:
    # A line that another fault shows with an article of nobody is not a case.
    bent = world.faults.get("orphan_sku", {}).get("targets", ())
    return [line["order_no"], line["line_no"]] not in bent


IDENTITY = {
    DOUBLED: Doubled("The ERP lists an article twice, and some order lines use the new number."),
}
