"""The articles: what they are called, weigh and cost, who supplies them and where they lie."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import Any

from estate.geography import NODES
from estate.gs1 import gtin13, gtin14

SUPPLIERS = 12

# prefix, category, nouns, grams from-to, cost from-to, case sizes, hazard class, shelf life in days
_RANGES: tuple[tuple[Any, ...], ...] = (
    ("AA", "kitchen", "Bottle Mug Lunchbox Carafe", (180, 900), (3, 18), (6, 12), None, 0),
    ("BC", "grocery", "Coffee Tea Granola Honey", (200, 1000), (2, 14), (6, 12), None, 270),
    ("CD", "cosmetics", "Shampoo Handcream Sunscreen", (80, 450), (2, 16), (12, 24), None, 540),
    ("DE", "electronics", "Headphones Charger Lamp", (90, 1200), (8, 75), (6, 12), None, 0),
    ("EF", "power", "Powerbank Cells", (120, 600), (9, 48), (12,), "9", 0),
    ("FG", "care", "Hairspray Deodorant", (150, 400), (2, 9), (12, 24), "2.1", 720),
    ("GH", "textiles", "Towel Shirt Blanket", (140, 900), (4, 32), (6, 12), None, 0),
    ("HJ", "outdoor", "Stool Jacket Headlamp", (150, 2400), (7, 60), (6,), None, 0),
)
_KINDS = ("Classic", "Compact", "Travel", "Family", "Pro", "Eco", "Soft", "Slim", "Bright", "Daily")
_COLOURS = ("black", "white", "sand", "navy", "olive", "red", "grey", "teal", "plum", "amber")


@dataclass(frozen=True)
class Product:
    """An article; lengths in mm, weights in g, money in USD for one base unit."""

    number: int
    sku: str
    name: str
    category: str
    lifecycle: str
    gtin13: str
    item_id: int
    case_factor: int
    size: tuple[int, int, int]
    measured: tuple[int, int, int] | None
    net_g: int
    gross_g: int
    cost: Decimal
    price: Decimal
    hazmat: str | None
    shelf_life_days: int
    supplier_id: str
    popularity: float
    nodes: tuple[str, ...]

    @property
    def each(self) -> str:
        """GTIN-14 of one base unit."""
        return gtin14(self.gtin13, 0)

    @property
    def case(self) -> str:
        """GTIN-14 of a case."""
        return gtin14(self.gtin13, 1)


class Catalogue:
    """All articles of an estate, the same for the same seed and count."""

    def __init__(self, seed: int, count: int) -> None:
        rng = Random(f"{seed}:catalogue")  # noqa: S311 - a simulation, not a secret
        ranks = list(range(count))
        rng.shuffle(ranks)
        self.products = [_product(rng, number, ranks[number]) for number in range(count)]

    @cached_property
    def by_sku(self) -> dict[str, Product]:
        """Articles by the ERP's number."""
        return {product.sku: product for product in self.products}

    @cached_property
    def by_item(self) -> dict[int, Product]:
        """Articles by the WMS's number."""
        return {product.item_id: product for product in self.products}

    @cached_property
    def demand_weights(self) -> list[float]:
        """Cumulative popularity, as `random.choices` takes it."""
        return list(accumulate(product.popularity for product in self.products))

    def daily_units(self, product: Product, orders_a_day: float) -> float:
        """Base units that customers are expected to ask for in a day, over all nodes."""
        share = product.popularity / self.demand_weights[-1]
        return orders_a_day * 1.75 * share * (1.5 * 0.92 + 1.2 * 0.08 * product.case_factor)


def _product(rng: Random, number: int, rank: int) -> Product:
    prefix, category, nouns, grams, costs, cases, hazmat, life = _RANGES[number % len(_RANGES)]
    net = rng.randint(*grams)
    cost = Decimal(rng.randint(costs[0] * 100, costs[1] * 100)) / 100
    edge = (net * 1.9) ** (1 / 3) * 10
    length, width, height = (max(18, round(edge * f)) for f in (1.35, 1.0, rng.uniform(0.5, 0.95)))
    gross = net + 12 + net // 12
    # The warehouse measures what arrives; purchasing typed in what the brochure said.
    off = rng.choice((0, 0, 0, 2, -3, 5))
    measured = (length + off, width, max(10, height + off)) if rng.random() < 0.94 else None
    spread = rng.random()
    nodes = tuple(node.code for node in NODES)
    if spread < 0.16:
        nodes = tuple(code for code in nodes if code != nodes[number % 3])
    elif spread < 0.20:
        nodes = (nodes[number % 3],)
    return Product(
        number=number,
        sku=f"{prefix}-{number + 1:05d}",
        name=f"{rng.choice(_KINDS)} {rng.choice(nouns.split())} {rng.choice(_COLOURS)} {net} g",
        category=category,
        lifecycle=rng.choices(("active", "phase_out"), (96, 4))[0],
        gtin13=gtin13(10_000 + number * 7),
        item_id=700_001 + (number * 7919) % 100_003,
        case_factor=rng.choice(cases) if net < 700 else 6,
        size=(length, width, height),
        measured=measured,
        net_g=net,
        gross_g=gross,
        cost=cost,
        price=(cost * Decimal(rng.randint(160, 260)) / 100).quantize(Decimal("0.01")),
        hazmat=hazmat,
        shelf_life_days=life,
        supplier_id=f"S-{number % SUPPLIERS + 1:04d}",
        popularity=1 / (rank + 8) ** 0.75,
        nodes=nodes,
    )
