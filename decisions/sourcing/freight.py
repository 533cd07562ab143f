"""What a carrier service charges for a weight on a lane."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from decisions.sourcing.units import KILOGRAM, divide, ticks

FUEL_WHOLE = 1_000_000  # 100 per cent in the tariff's DECIMAL(9,4)


@dataclass(frozen=True, slots=True)
class Rate:
    """A row of the tariff; `base` and `per_kg` in ticks times `FUEL_WHOLE`, with fuel."""

    break_ug: int
    base: int
    per_kg: int
    transit_days: int

    def freight(self, weight_ug: int, parcels: int) -> int:
        """Ticks for that many parcels of that weight together."""
        amount = parcels * self.base * KILOGRAM + self.per_kg * weight_ug
        return divide(amount, KILOGRAM * FUEL_WHOLE)


@dataclass(frozen=True, slots=True)
class Offer:
    """A service on a lane; `rates` by falling weight break, `max_ug` what one parcel may weigh."""

    service_uid: str
    carrier: str
    service: str
    max_ug: int | None
    rates: tuple[Rate, ...]

    def price(self, weight_ug: int) -> tuple[int, int] | None:
        """Ticks and transit days, by the highest break not above the weight of a parcel.

        A shipment heavier than one parcel may be goes as several of equal weight. None if the
        tariff starts above the weight.
        """
        parcels = -(-weight_ug // self.max_ug) if self.max_ug else 1
        for rate in self.rates:
            if rate.break_ug * parcels <= weight_ug:
                return rate.freight(weight_ug, parcels), rate.transit_days
        return None


class Tariff:
    """All rates that hold on a day, in one currency."""

    def __init__(
        self,
        rates: pa.Table,
        services: pa.Table,
        *,
        today: date,
        currency: str,
        stopped: Collection[str] = (),
    ) -> None:
        """Take the newest `valid_from` not after `today` of each service, lane and break.

        Carriers whose `carrier:NAME` is stopped have no services.
        """
        known = {
            row["service_uid"]: row
            for row in services.to_pylist()
            if not row["is_deleted"] and f"carrier:{row['carrier']}" not in stopped
        }
        newest: dict[tuple[str, str, str, int], tuple[date, Rate]] = {}
        for row in rates.to_pylist():
            usable = row["service_uid"] in known and row["currency"] == currency
            if row["is_deleted"] or not usable or row["valid_from"] > today:
                continue
            key = (row["orig_zone"], row["dest_zone"], row["service_uid"], row["break_g"])
            if key not in newest or newest[key][0] < row["valid_from"]:
                fuel = FUEL_WHOLE + ticks(row["fuel_pct"])
                newest[key] = (
                    row["valid_from"],
                    Rate(
                        break_ug=row["break_g"] * 1_000_000,
                        base=ticks(row["base"]) * fuel,
                        per_kg=ticks(row["per_kg"]) * fuel,
                        transit_days=row["transit_days"],
                    ),
                )
        lanes: dict[tuple[str, str], dict[str, list[Rate]]] = defaultdict(lambda: defaultdict(list))
        for (orig, dest, service_uid, _), (_, rate) in sorted(newest.items()):
            lanes[orig, dest][service_uid].append(rate)
        self._lanes = {
            lane: tuple(
                _offer(known[service_uid], rates) for service_uid, rates in services_of.items()
            )
            for lane, services_of in lanes.items()
        }

    def offers(self, orig_zone: str, dest_zone: str) -> tuple[Offer, ...]:
        """The services between two zones, by service_uid; empty if there is none."""
        return self._lanes.get((orig_zone, dest_zone), ())


def _offer(service: dict[str, object], rates: list[Rate]) -> Offer:
    max_g = service["max_weight_g"]
    return Offer(
        service_uid=str(service["service_uid"]),
        carrier=str(service["carrier"]),
        service=str(service["service"]),
        max_ug=max_g * 1_000_000 if isinstance(max_g, int) and max_g > 0 else None,
        rates=tuple(sorted(rates, key=lambda rate: -rate.break_ug)),
    )
