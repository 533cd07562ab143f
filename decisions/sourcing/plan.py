"""A way to ship an order, and what each part of it costs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from decisions.sourcing.freight import Offer
from decisions.sourcing.problem import Node, Order
from decisions.sourcing.units import money


@dataclass(frozen=True, slots=True)
class Demand:
    """What an order wants of each product, lines of one product together."""

    products: tuple[str, ...]
    need: tuple[int, ...]
    gram: tuple[int, ...]

    @classmethod
    def of(cls, order: Order) -> "Demand":
        """The open lines of an order, products in the order of its lines."""
        need: dict[str, int] = {}
        gram: dict[str, int] = {}
        for line in order.lines:
            need[line.product_uid] = need.get(line.product_uid, 0) + line.qty
            gram[line.product_uid] = line.gram
        return cls(tuple(need), tuple(need.values()), tuple(gram[product] for product in need))

    def weight(self, qty: Sequence[int]) -> int:
        """Micrograms of these quantities."""
        return sum(g * q for g, q in zip(self.gram, qty, strict=True))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that may ship some of an order.

    `have` is what it could give of each product, at most what is needed; `value` what a unit of
    its stock is worth to other orders, in ticks.
    """

    node: Node
    offers: tuple[Offer, ...]
    have: tuple[int, ...]
    handling: int
    value: tuple[int, ...]
    unit: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shipment:
    """What one node ships by one service; amounts in ticks, `qty` by product of the demand."""

    candidate: Candidate
    offer: Offer
    qty: tuple[int, ...]
    weight_ug: int
    freight: int
    handling: int
    lateness: int
    scarcity: int
    arrives_at: datetime
    late_days: int

    @property
    def node(self) -> Node:
        """Where it ships from."""
        return self.candidate.node

    @property
    def cost(self) -> int:
        """Ticks of all parts together."""
        return self.freight + self.handling + self.lateness + self.scarcity


@dataclass(frozen=True, slots=True)
class Plan:
    """Shipments of an order and what stays open; the best plan has the smallest `rank`."""

    shipments: tuple[Shipment, ...]
    short: tuple[int, ...]
    split: int
    cost: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cost", self.split + sum(s.cost for s in self.shipments))

    @property
    def key(self) -> tuple[str, ...]:
        """Names that tell this plan from others: the last word between two that cost the same."""
        return tuple(f"{s.node.code} {s.offer.service_uid}" for s in self.shipments)

    @property
    def rank(self) -> tuple[int, int, int, int, tuple[str, ...]]:
        """First ship as much as can be, then cheaply, then in time, then in few shipments."""
        return sum(self.short), self.cost, self.late_days, len(self.shipments), self.key

    @property
    def late_days(self) -> int:
        """Days by which the last shipment misses the promise."""
        return max((s.late_days for s in self.shipments), default=0)

    def parts(self) -> dict[str, Decimal]:
        """The cost by part; their sum is the cost."""
        return {
            "freight": money(sum(s.freight for s in self.shipments)),
            "handling": money(sum(s.handling for s in self.shipments)),
            "lateness": money(sum(s.lateness for s in self.shipments)),
            "scarcity": money(sum(s.scarcity for s in self.shipments)),
            "split": money(self.split),
        }
