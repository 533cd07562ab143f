"""How large a network is: three sizes by name, each the same for everybody."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """`orders` over all the `days`; with `handovers` the WMS writes every move on the floor."""

    orders: int
    days: int
    products: int
    handovers: bool = False


SIZES: Mapping[str, Size] = {
    "small": Size(orders=2_000, days=10, products=500),
    "medium": Size(orders=60_000, days=20, products=4_000),
    # Over 1,000,000 order lines and, as warehouses do write every hand-over, 5,000,000 movements.
    "large": Size(orders=690_000, days=30, products=10_000, handovers=True),
}
