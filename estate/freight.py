"""The carriers' services, what a parcel costs with them and how long it takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from estate.geography import DESTINATIONS, NODES, distance_km


@dataclass(frozen=True)
class Service:
    """A carrier's service, named as EasyPost names it in rates and shipments."""

    carrier: str
    name: str
    scac: str
    title: str
    max_ounces: int
    is_express: bool
    base: Decimal
    per_kg: Decimal
    km_a_day: int

    @property
    def metadata_carrier(self) -> str:
        """The carrier as EasyPost's metadata names it."""
        return self.carrier.lower()


_LINES = """
USPS  GroundAdvantage USPS 1120 ground   4.10 0.92  900 Ground Advantage
USPS  Priority        USPS 1120 express  7.80 1.65 1900 Priority Mail
UPS   Ground          UPSN 2400 ground   6.20 0.64  950 UPS Ground
UPS   2ndDayAir       UPSN 2400 express 12.40 1.90 2600 UPS 2nd Day Air
FedEx FEDEX_GROUND    FDEG 2400 ground   6.05 0.66  950 FedEx Ground
FedEx FEDEX_2_DAY     FDEG 2400 express 12.10 1.95 2600 FedEx 2Day
"""


def _service(line: str) -> Service:
    carrier, name, scac, ounces, speed, base, per_kg, km, title = line.split(maxsplit=8)
    return Service(
        carrier, name, scac, title, int(ounces), speed == "express", Decimal(base),
        Decimal(per_kg), int(km),
    )  # fmt: skip


SERVICES = tuple(_service(line) for line in _LINES.strip().splitlines())
SERVICE = {(service.carrier, service.name): service for service in SERVICES}

# Grams from which a rate holds, and what is left of the price a kilogram there.
BREAKS = {0: Decimal("1.00"), 5_000: Decimal("0.86"), 15_000: Decimal("0.74")}
FUEL_PCT = Decimal("11.5000")
_CENT, _RATE = Decimal("0.01"), Decimal("0.0001")


@dataclass(frozen=True)
class Rate:
    """A line of the contract: `base` and `per_kg` in USD, `fuel_pct` on top of both."""

    base: Decimal
    per_kg: Decimal
    transit_days: int


@cache
def rate(service: Service, orig: str, dest: str, break_g: int) -> Rate:
    """The rate from one first postal digit to another, from `break_g` on."""
    km = distance_km(orig, dest)
    far = Decimal(km) / 4000
    return Rate(
        (service.base * (1 + far / 2)).quantize(_RATE),
        (service.per_kg * (1 + far) * BREAKS[break_g]).quantize(_RATE),
        max(1, min(6, -(-km // service.km_a_day))),
    )


def quote(service: Service, orig: str, dest: str, weight_g: int) -> Decimal:
    """Price of one parcel, in whole cents: (base + per_kg x kg) x (1 + fuel)."""
    found = rate(service, orig, dest, max(start for start in BREAKS if start <= weight_g))
    freight = found.base + found.per_kg * weight_g / 1000
    return (freight * (1 + FUEL_PCT / 100)).quantize(_CENT, ROUND_HALF_UP)


def offers(orig: str, dest: str, weight_g: int) -> list[tuple[Service, Decimal, int]]:
    """Every service that takes this weight, with its price and transit days."""
    ounces = Decimal(weight_g) / Decimal("28.349523125")
    return [
        (service, quote(service, orig, dest, weight_g), rate(service, orig, dest, 0).transit_days)
        for service in SERVICES
        if ounces <= service.max_ounces
    ]


def rate_card() -> Iterator[dict[str, object]]:
    """The contract's lines, as the ERP keeps them."""
    for service in SERVICES:
        for orig in sorted({node.place.postal[0] for node in NODES}):
            for dest in DESTINATIONS:
                for start in BREAKS:
                    found = rate(service, orig, dest, start)
                    yield {
                        "carrier": service.carrier,
                        "service": service.name,
                        "orig_zone": f"US-{orig}",
                        "dest_zone": f"US-{dest}",
                        "break_g": start,
                        "base": found.base,
                        "per_kg": found.per_kg,
                        "fuel_pct": FUEL_PCT,
                        "transit_days": found.transit_days,
                        "currency": "USD",
                    }
