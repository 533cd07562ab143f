"""The sales channel: an article is a listing in its own spelling, with stock at each location."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random

from estate import discrepancies, wording
from estate.catalogue import Product
from estate.store import Row
from estate.world import World

STALE = "stale_listing"


@dataclass(frozen=True)
class Listing:
    """An article as the shop knows it."""

    listing_id: int
    sku: str
    barcode: str | None
    title: str
    status: str


def listing(seed: int, product: Product) -> Listing:
    """An article's listing, the same whenever it is asked for."""
    rng = Random(f"{seed}:listing:{product.number}")  # noqa: S311 - a simulation, not a secret
    # Both numbers are scattered, so that neither tells the article's running number.
    return Listing(
        listing_id=880_001 + (product.number * 6007) % 100_003,
        sku=wording.spelled(rng, product.sku, f"SHOP-{1000 + (product.number * 7411) % 100_003}"),
        barcode=wording.barcode(rng, product.gtin13),
        title=wording.titled(rng, product.name),
        status="archived" if rng.random() < 0.03 else "active",
    )


def open_shop(world: World) -> None:
    """List every article, and take the first figures from the ERP."""
    for product in world.catalogue.products:
        shown = listing(world.seed, product)
        world.book.add(
            "shop.listings", listing_id=shown.listing_id, sku=shown.sku, barcode=shown.barcode,
            title=shown.title, status=shown.status, updated_at=world.entered(),
        )  # fmt: skip
    push(world, world.book.all("erp.stock"), world.close)


def push_night(world: World) -> None:
    """Let the ERP tell the shop what it may sell at each node."""
    push(world, world.book.all("erp.stock"), world.at(1))


def push(world: World, stocks: Iterable[Row], at: datetime) -> None:
    """Tell the shop the figures of these rows of `erp.stock`; a stale one does not get through."""
    for stock in stocks:
        node, sku = stock["warehouse_code"], stock["sku"]
        level = level_of(world, node, sku)
        if level is None:
            continue
        known = discrepancies.standing(world, node, sku)
        if known is not None and known["kind"] == STALE:
            units = int(level["available"] - listable(stock))
            world.book.change("net.discrepancies", known, qty=units)
        else:
            world.book.change(
                "shop.inventory_levels", level, available=listable(stock), updated_at=at
            )


def listable(stock: Row) -> Decimal:
    """Base units that a row of `erp.stock` lets the shop sell."""
    return max(Decimal(0), Decimal(stock["on_hand_qty"] - stock["safety_qty"]))


def level_of(world: World, node: str, sku: str) -> Row | None:
    """The shop's figure for a node and article, made where it is new; none if it is not sold."""
    shown = world.listings.get(sku)
    if shown is None:
        shown = world.listings[sku] = listing(world.seed, world.catalogue.by_sku[sku])
    if shown.status != "active":
        return None
    found = world.book.get("shop.inventory_levels", shown.listing_id, node)
    return found or world.book.add(
        "shop.inventory_levels", listing_id=shown.listing_id, location_code=node,
        available=Decimal(0), updated_at=world.close,
    )  # fmt: skip
