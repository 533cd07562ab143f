"""Customers: orders arrive through two channels, some are taken back."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from estate import identity_faults, orders, swings
from estate.catalogue import Product
from estate.geography import CITIES, DESTINATION_WEIGHTS, DESTINATIONS, Place
from estate.world import World

# Days that a customer is promised, by priority; 1 is the most urgent.
PROMISE_DAYS = {1: 2, 2: 3, 3: 4, 5: 6, 7: 8}


def receive_orders(world: World) -> None:
    """Book the day's orders, spread over the day until 21:00."""
    rng = world.rng("orders")
    start, end = world.rate * (world.day - 1), world.rate * world.day
    usual = int(end) - int(start)
    count, more, region = swings.demand(world, usual)
    for minute in sorted(rng.uniform(0, 21 * 60) for _ in range(count)):
        _order(world, rng, minute)
    rng = world.rng("surge")
    for minute in sorted(rng.uniform(0, 21 * 60) for _ in range(more)):
        _order(world, rng, minute, region)


def customer(seed: int, number: int) -> Place:
    """Where a customer lives, the same each time they order."""
    rng = Random(f"{seed}:customer:{number}")  # noqa: S311 - a simulation, not a secret
    digit = rng.choices(DESTINATIONS, DESTINATION_WEIGHTS)[0]
    return rng.choice(CITIES[digit])


def _order(world: World, rng: Random, minute: float, region: str | None = None) -> None:
    at = world.at(0, minute)
    known = world.counters["customer"]
    is_known = known > 20 and rng.random() < 0.25
    number = rng.randint(1, known) if is_known else _new_customer(world)
    # In a surge a region is sent to, wherever those live who order.
    place = rng.choice(CITIES[region]) if region else customer(world.seed, number)
    priority = rng.choices((1, 2, 3, 5, 7), (4, 8, 14, 60, 14))[0]
    order_no = f"SO-{world.number('order'):07d}"
    total = Decimal(0)
    for line_no, product in enumerate(_basket(world, rng), start=1):
        total += _line(world, rng, order_no, line_no, product, at)
    promised = at.replace(hour=23, minute=0, second=0) + timedelta(days=PROMISE_DAYS[priority])
    world.book.add(
        "erp.sales_orders", order_no=order_no, partner_id=f"C-{number:06d}", placed_at=at,
        channel=rng.choices(("webshop", "marketplace"), (62, 38))[0], promised_by=promised,
        priority=priority, currency="USD", total=total, status="open", ship_country="US",
        ship_postal=place.postal, updated_at=at,
    )  # fmt: skip


def _new_customer(world: World) -> int:
    number = world.number("customer")
    place = customer(world.seed, number)
    world.book.add(
        "erp.partners", partner_id=f"C-{number:06d}", role="customer",
        name=f"Customer {number:06d}", email=f"c{number:06d}@customer.example",
        phone=f"555-01{number % 100:02d}", street=f"{number % 900 + 1} Main Street",
        city=place.city, postal=place.postal, country="US", updated_at=world.at(0),
    )  # fmt: skip
    return number


def _basket(world: World, rng: Random) -> list[Product]:
    count = rng.choices((1, 2, 3, 4), (54, 26, 13, 7))[0]
    weights = world.catalogue.demand_weights
    drawn = rng.choices(world.catalogue.products, cum_weights=weights, k=count)
    return list({product.sku: product for product in drawn}.values())


def _line(
    world: World, rng: Random, order_no: str, line_no: int, product: Product, at: datetime
) -> Decimal:
    in_cases = rng.random() < 0.08
    factor = product.case_factor if in_cases else 1
    units = (
        rng.choices((1, 2), (8, 2))[0] if in_cases else rng.choices((1, 2, 3, 5), (66, 22, 9, 3))[0]
    )
    price = (product.price * factor * (Decimal("0.92") if in_cases else 1)).quantize(
        Decimal("0.01")
    )
    world.book.add(
        "erp.sales_order_lines", order_no=order_no, line_no=line_no,
        sku=identity_faults.ordered_as(world, product.sku, order_no),
        ordered_qty=Decimal(units), ordered_uom="CA" if in_cases else "EA", unit_price=price,
        cancelled_qty=Decimal(0), status="open", updated_at=at,
    )  # fmt: skip
    world.book.add(
        "net.lines", order_no=order_no, line_no=line_no, sku=product.sku, factor=factor,
        ordered=units * factor, cancelled=0, allocated=0, shipped=0, placed_at=at, is_closed=0,
    )  # fmt: skip
    return units * price


def take_back(world: World) -> None:
    """Cancel some of what was ordered yesterday and is not yet with a node."""
    rng = world.rng("cancel")
    today = world.at(0)
    for order in world.book.all(
        "erp.sales_orders", lambda o: o["status"] == "open" and o["placed_at"] < today
    ):
        lines = orders.lines_of(world, order["order_no"])
        chance = rng.random()
        at = world.at(6, rng.uniform(0, 50))
        chosen = rng.choice(lines)
        if chance < 0.012:
            for line in lines:
                orders.cancel(world, line, line["ordered"], at)
        elif chance < 0.030:
            orders.cancel(world, chosen, chosen["ordered"], at)
        elif chance < 0.040 and chosen["ordered"] > chosen["factor"]:
            orders.cancel(world, chosen, chosen["factor"], at)
