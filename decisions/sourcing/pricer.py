"""What the shipments of one order cost, at one instant, under one policy."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from decisions.sourcing.freight import FUEL_WHOLE, Offer, Tariff
from decisions.sourcing.plan import Candidate, Demand, Plan, Shipment
from decisions.sourcing.policy import SourcingPolicy
from decisions.sourcing.problem import Node, Order
from decisions.sourcing.units import KILOGRAM, UNIT, divide, ticks

_DAY = timedelta(days=1)


class Quote(NamedTuple):
    """What a service asks for a weight on a lane, and what its lateness costs, in ticks."""

    cost: int
    late_days: int
    service_uid: str
    freight: int
    lateness: int
    arrives_at: datetime
    offer: Offer


class Piece(NamedTuple):
    """A rate as a straight line: ticks of a shipment, and per_kg as in `Rate`."""

    fixed: int
    per_kg: int


class Pricer:
    """Prices shipments of `order`; remembers what it was asked, as nodes share their zones."""

    def __init__(
        self, order: Order, demand: Demand, tariff: Tariff, policy: SourcingPolicy, now: datetime
    ) -> None:
        """`now` is when the nodes are told; they hand over `handling_days` later."""
        self.order = order
        self.demand = demand
        self._tariff = tariff
        self._now = now
        self._days = policy.handling_days
        self._per_shipment = ticks(policy.handling_per_shipment)
        self._per_unit = ticks(policy.handling_per_unit)
        self._per_unit_3pl = ticks(policy.handling_per_unit_3pl)
        self._late_per_day = ticks(policy.late_per_day)
        self._split = ticks(policy.split_penalty)
        self._arrivals: dict[int, tuple[datetime, int]] = {}
        self._pieces: dict[tuple[str, int], tuple[Piece, ...]] = {}
        self._quotes: dict[tuple[str, int], tuple[Quote, ...]] = {}

    def candidate(self, node: Node, have: tuple[int, ...], value: tuple[int, ...]) -> Candidate:
        """What the node could do for the order."""
        handling = self._per_unit_3pl if node.type == "3pl" else self._per_unit
        offers = self._tariff.offers(node.zone, self.order.zone)
        return Candidate(node, offers, have, handling, value, tuple(handling + v for v in value))

    def arrival(self, transit_days: int) -> tuple[datetime, int]:
        """When it would arrive, and how many days (begun ones count) after the promise."""
        if transit_days not in self._arrivals:
            arrives = self._now + timedelta(days=self._days + transit_days)
            late = max(0, -((self.order.promised_by - arrives) // _DAY))
            self._arrivals[transit_days] = arrives, late
        return self._arrivals[transit_days]

    def _fixed(self, transit_days: int) -> int:
        """Ticks of a shipment whatever lies in it, besides freight."""
        return self._per_shipment + self.arrival(transit_days)[1] * self._late_per_day

    def pieces(self, candidate: Candidate, weight_ug: int) -> tuple[Piece, ...]:
        """The rates from there that can be cheapest for some weight up to `weight_ug`."""
        key = candidate.node.zone, weight_ug
        if key not in self._pieces:
            lines = sorted(
                Piece(rate.base // FUEL_WHOLE + self._fixed(rate.transit_days), rate.per_kg)
                for offer in candidate.offers
                for rate in offer.rates
                if rate.break_ug <= weight_ug
            )
            kept: list[Piece] = []
            lowest: int | None = None
            for line in lines:
                # With a larger fixed part, a rate must win at the full weight to win anywhere.
                full = line.fixed * KILOGRAM * FUEL_WHOLE + line.per_kg * weight_ug
                if lowest is None or full < lowest:
                    kept.append(line)
                    lowest = full
            self._pieces[key] = tuple(kept)
        return self._pieces[key]

    def split(self, shipments: int) -> int:
        """Ticks for splitting an order into that many shipments."""
        return max(0, shipments - 1) * self._split

    def quotes(self, node: Node, weight_ug: int) -> tuple[Quote, ...]:
        """What each service asks that takes the weight from there, cheapest first."""
        key = node.zone, weight_ug
        if key not in self._quotes:
            found = []
            for offer in self._tariff.offers(node.zone, self.order.zone):
                if (price := offer.price(weight_ug)) is None:
                    continue
                freight, transit_days = price
                arrives, late = self.arrival(transit_days)
                late_cost = late * self._late_per_day
                found.append(
                    Quote(
                        freight + late_cost, late, offer.service_uid, freight, late_cost, arrives,
                        offer,
                    )
                )  # fmt: skip
            self._quotes[key] = tuple(sorted(found, key=lambda quote: quote[:3]))
        return self._quotes[key]

    def whole(self, candidate: Candidate) -> int | None:
        """Ticks if all of the order shipped from there, had it the stock; None without a rate."""
        need = self.demand.need
        quotes = self.quotes(candidate.node, self.demand.weight(need))
        if not quotes:
            return None
        rest = sum(unit * qty for unit, qty in zip(candidate.unit, need, strict=True))
        return quotes[0].cost + self._per_shipment + divide(rest, UNIT)

    def shipment(self, candidate: Candidate, qty: tuple[int, ...], quote: Quote) -> Shipment:
        """That shipment at that quote."""
        value = sum(v * q for v, q in zip(candidate.value, qty, strict=True))
        return Shipment(
            candidate=candidate,
            offer=quote.offer,
            qty=qty,
            weight_ug=self.demand.weight(qty),
            freight=quote.freight,
            handling=self._per_shipment + divide(candidate.handling * sum(qty), UNIT),
            lateness=quote.lateness,
            scarcity=divide(value, UNIT),
            arrives_at=quote.arrives_at,
            late_days=quote.late_days,
        )

    def plan(self, fill: Sequence[tuple[Candidate, tuple[int, ...]]]) -> Plan | None:
        """The cheapest services for these quantities; None if a shipment has none.

        What else a shipment costs does not depend on its service, so the cheapest quote wins.
        """
        shipments = []
        for candidate, qty in fill:
            quotes = self.quotes(candidate.node, self.demand.weight(qty))
            if not quotes:
                return None
            shipments.append(self.shipment(candidate, qty, quotes[0]))
        return self.of(tuple(shipments))

    def of(self, shipments: tuple[Shipment, ...]) -> Plan:
        """A plan of these shipments, perhaps of none."""
        short = tuple(
            need - sum(shipment.qty[j] for shipment in shipments)
            for j, need in enumerate(self.demand.need)
        )
        return Plan(shipments, short, self.split(len(shipments)))
