"""The books on the evening before the first day: master data and opening balances."""

from datetime import timedelta
from decimal import Decimal
from random import Random

from estate import stockroom, wording
from estate.catalogue import SUPPLIERS, Product
from estate.freight import rate_card
from estate.geography import NODES, OWN, PLACE
from estate.gs1 import gln13
from estate.world import FIRST_DAY, World

# Base units that a node opens with and orders up to, in days of its share of the demand.
OPENING_DAYS, UP_TO_DAYS, REORDER_DAYS = 7, 11, 6
# In a wild estate: WMS items whose barcode nobody scanned when they were set up.
WITHOUT_GTIN = 0.04


def open_books(world: World) -> None:
    """Write what exists before the first order."""
    _places(world)
    for product in world.catalogue.products:
        _product(world, product)
    for line in rate_card():
        valid_from = FIRST_DAY - timedelta(days=60)
        world.book.add(
            "erp.freight_rates", **line, valid_from=valid_from, updated_at=world.entered()
        )
    rng = world.rng("opening")
    for product in world.catalogue.products:
        for node in NODES:
            if node.code not in product.nodes:
                continue
            daily = daily_share(world, product, node.code)
            units = round(daily * OPENING_DAYS * rng.uniform(0.7, 1.4)) + rng.randint(2, 12)
            if rng.random() < 0.03:
                units = rng.randint(1, 3)
            lots = (units,) if units < 12 else (units // 3, units - units // 3)
            for place, part in enumerate(lots):
                stockroom.receive(world, node.code, product, part, world.close, place == 0, None)
            world.book.add(
                "erp.stock",
                warehouse_code=node.code,
                sku=product.sku,
                on_hand_qty=Decimal(0),
                safety_qty=Decimal(round(daily * 0.6)),
                updated_at=world.close,
            )


def daily_share(world: World, product: Product, node: str) -> float:
    """Base units a day that customers will take from this node."""
    shares = {n.code: n.share for n in NODES if n.code in product.nodes}
    total = world.catalogue.daily_units(product, float(world.rate))
    return total * shares[node] / sum(shares.values())


def _places(world: World) -> None:
    add = world.book.add
    for node in NODES:
        add(
            "erp.warehouses", code=node.code, name=node.name, type=node.kind, gln13=gln13(node.gln),
            tz=node.tz, country="US", postal=node.place.postal, lat=node.lat, lon=node.lon,
            ops_status="open", updated_at=world.entered(),
        )  # fmt: skip
    for node in OWN:
        add(
            "wms.facilities", facility_code=node.code, name=node.name, ops_status="open",
            updated_at=world.entered(),
        )  # fmt: skip
        for bin_id, kind in ((f"{node.code}-QC-01", "qc"), (f"{node.code}-DMG-01", "qc")):
            stockroom.add_bin(world, node.code, bin_id, kind)
        if world.handovers:
            stockroom.add_stations(world, node.code)
    cities = sorted(PLACE.values(), key=lambda place: place.postal)
    for number in range(1, SUPPLIERS + 1):
        place = cities[number * 2 % len(cities)]
        add(
            "erp.partners", partner_id=f"S-{number:04d}", role="supplier",
            name=f"Supplier {number:02d} Ltd", email=f"orders{number:02d}@supplier.example",
            phone=f"555-02{number:02d}", street=f"{number * 10} Dock Road", city=place.city,
            postal=place.postal, country="US", updated_at=world.entered(),
        )  # fmt: skip


def _product(world: World, product: Product) -> None:
    add = world.book.add
    length, width, height = product.size
    add(
        "erp.products", sku=product.sku, name=product.name, category=product.category,
        base_uom="EA", lifecycle=product.lifecycle, gtin13=product.gtin13, unit_cost=product.cost,
        currency="USD", hazmat_class=product.hazmat, length_mm=length, width_mm=width,
        height_mm=height, net_weight_g=product.net_g, updated_at=world.entered(),
    )  # fmt: skip
    factor = product.case_factor
    for level, gtin, units, size in (
        ("each", product.each, 1, product.size),
        (
            "case",
            product.case,
            factor,
            (length * 2 + 10, width * 2 + 10, height * factor // 4 + 12),
        ),
    ):
        add(
            "erp.product_packs", sku=product.sku, pack_level=level, gtin14=gtin, qty_num=units,
            qty_den=1, length_mm=size[0], width_mm=size[1], height_mm=size[2],
            gross_g=product.gross_g * units + (0 if level == "each" else 240),
            updated_at=world.entered(),
        )  # fmt: skip
    measured = product.measured or (None, None, None)
    rng = Random(f"{world.seed}:item:{product.number}")  # noqa: S311 - a simulation, not a secret
    unread = world.wild and rng.random() < WITHOUT_GTIN
    add(
        "wms.items", item_id=product.item_id, gtin14=None if unread else product.each,
        description=wording.labelled(rng, product.name),
        length_mm=measured[0], width_mm=measured[1], height_mm=measured[2],
        gross_g=product.gross_g + product.number % 5 if product.measured else None,
        updated_at=world.entered(),
    )  # fmt: skip
    for node in OWN:
        if node.code in product.nodes:
            for kind in ("pick", "reserve"):
                stockroom.add_bin(
                    world, node.code, stockroom.bin_id(node.code, product, kind), kind
                )
