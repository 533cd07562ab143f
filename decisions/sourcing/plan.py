"""A way to ship an order, and what each part of it costs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from decisions.sourcing.freight import Offer, Tariff
from decisions.sourcing.policy import SourcingPolicy
from decisions.sourcing.problem import Node, Order
from decisions.sourcing.units import UNIT, divide, money, ticks

_DAY = timedelta(days=1)


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

    @property
    def unit(self) -> tuple[int, ...]:
        """Ticks a unit of each product besides freight."""
        return tuple(self.handling + value for value in self.value)


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


class Pricer:
    """Prices the shipments of one order, at one instant, under one policy."""

    def __init__(
        self, order: Order, demand: Demand, tariff: Tariff, policy: SourcingPolicy, now: datetime
    ) -> None:
        """`now` is when the nodes are told; they hand over `handling_days` later."""
        self.order = order
        self.demand = demand
        self.priced = 0
        self._tariff = tariff
        self._now = now
        self._days = policy.handling_days
        self._per_shipment = ticks(policy.handling_per_shipment)
        self._per_unit = ticks(policy.handling_per_unit)
        self._per_unit_3pl = ticks(policy.handling_per_unit_3pl)
        self._late_per_day = ticks(policy.late_per_day)
        self._split = ticks(policy.split_penalty)
        self._arrivals: dict[int, tuple[datetime, int]] = {}

    def candidate(self, node: Node, have: tuple[int, ...], value: tuple[int, ...]) -> Candidate:
        """What the node could do for the order."""
        handling = self._per_unit_3pl if node.type == "3pl" else self._per_unit
        return Candidate(
            node, self._tariff.offers(node.zone, self.order.zone), have, handling, value
        )

    def arrival(self, transit_days: int) -> tuple[datetime, int]:
        """When it would arrive, and how many days (begun ones count) after the promise."""
        if transit_days not in self._arrivals:
            arrives = self._now + timedelta(days=self._days + transit_days)
            late = max(0, -((self.order.promised_by - arrives) // _DAY))
            self._arrivals[transit_days] = arrives, late
        return self._arrivals[transit_days]

    def fixed(self, transit_days: int) -> int:
        """Ticks of a shipment whatever lies in it, besides freight."""
        return self._per_shipment + self.arrival(transit_days)[1] * self._late_per_day

    def split(self, shipments: int) -> int:
        """Ticks for splitting an order into that many shipments."""
        return max(0, shipments - 1) * self._split

    def by_service(self, candidate: Candidate, qty: tuple[int, ...]) -> list[Shipment]:
        """That shipment by each service that takes it, cheapest first."""
        weight = self.demand.weight(qty)
        handling = self._per_shipment + divide(candidate.handling * sum(qty), UNIT)
        value = sum(v * q for v, q in zip(candidate.value, qty, strict=True))
        scarcity = divide(value, UNIT)
        found = []
        for offer in candidate.offers:
            if (price := offer.price(weight)) is None:
                continue
            freight, transit_days = price
            arrives, late = self.arrival(transit_days)
            lateness = late * self._late_per_day
            found.append(
                Shipment(
                    candidate, offer, qty, weight, freight, handling, lateness, scarcity,
                    arrives, late,
                )
            )  # fmt: skip
        self.priced += 1
        return sorted(found, key=lambda s: (s.cost, s.offer.service_uid))

    def plan(self, fill: Sequence[tuple[Candidate, tuple[int, ...]]]) -> Plan | None:
        """The cheapest services for these quantities; None if a shipment has none."""
        shipments = []
        for candidate, qty in fill:
            options = self.by_service(candidate, qty)
            if not options:
                return None
            shipments.append(options[0])
        return self.of(tuple(shipments))

    def of(self, shipments: tuple[Shipment, ...]) -> Plan:
        """A plan of these shipments."""
        sent = [sum(qty) for qty in zip(*(s.qty for s in shipments), strict=True)]
        if not sent:
            sent = [0] * len(self.demand.need)
        short = tuple(need - got for need, got in zip(self.demand.need, sent, strict=True))
        return Plan(shipments, short, self.split(len(shipments)))
