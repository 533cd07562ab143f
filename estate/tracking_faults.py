"""Faults in what the carriers' API tells of parcels; the journey itself stays as it was."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from estate.geography import NODE, PLACE
from estate.schema import TRUTH
from estate.store import EstateError, Row
from estate.world import World

PARCELS, SCANS = TRUTH["net.parcels"], TRUTH["net.scans"]
CASES, TIMES = 10, 50
OLDER = timedelta(days=122)
LOCAL_CARRIER = "UPS"
# Where the carriers have their clocks, by the state of a scan; what is not named is Eastern.
_ZONES = {
    "America/Chicago": "TN MN WI IA IL MO NE TX LA",
    "America/Denver": "CO UT",
    "America/Phoenix": "AZ",
    "America/Los_Angeles": "CA WA NV",
}
_ZONE = {state: ZoneInfo(name) for name, states in _ZONES.items() for state in states.split()}
_EASTERN = ZoneInfo("America/New_York")

Active = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Telling:
    """`choose` picks the running numbers of the parcels of which the API tells otherwise."""

    line: str
    choose: Callable[[Connection, World], list[int]]

    def targets(self, connection: Connection, world: World, name: str) -> list[int]:
        """The parcels it meets. Raises EstateError where none lends itself."""
        found = self.choose(connection, world)
        if not found:
            raise EstateError(
                f"Fault '{name}' finds no parcel that it could meet. Advance a few days, then"
                " inject it."
            )
        return found


def told(active: Active, row: Row, scans: Sequence[Row], now: datetime) -> list[Row]:
    """A parcel's scans as the API tells them; `shown_at` is what it says in place of a time."""
    found = list(scans)
    if _meets(active, "scan_after_delivery", row):
        found += [_after_delivery(s, now) for s in scans if s["status"] == "delivered"][:1]
    if _meets(active, "offsets_dropped", row):
        found = [{**scan, "shown_at": _local(scan)} for scan in found]
    if _meets(active, "webhook_replayed", row):
        found = [scan for scan in found for _ in range(TIMES)]
    return found


def older(active: Active) -> list[int]:
    """Parcels whose number another had before them, by their running number."""
    return sorted(active.get("number_recycled", {}).get("targets", ()))


def predecessor(row: Row) -> tuple[Row, list[Row]]:
    """The parcel that bore this one's number four months ago, and its scans."""
    postals = sorted(PLACE)
    here = (postals.index(row["ship_postal"]) + row["seq"] + 7) % len(postals)
    postal = next(p for p in postals[here:] + postals if p != row["ship_postal"])
    created = row["created_at"] - OLDER
    old = {**row, "ship_postal": postal, "weight_g": row["weight_g"] + 310, "created_at": created}
    places = (None, NODE[row["node"]].place, PLACE[postal], PLACE[postal])
    steps = (("pre_transit", 0), ("in_transit", 5), ("out_for_delivery", 68), ("delivered", 73))
    scans = []
    for (status, hours), place in zip(steps, places, strict=True):
        at = (created + timedelta(hours=hours)).replace(microsecond=0)
        scans.append({
            "status": status, "message": status.replace("_", " ").title(), "event_at": at,
            "known_at": at, "city": place.city.upper() if place else None,
            "state": place.state if place else None, "zip": place.postal if place else None,
        })  # fmt: skip
    return old, scans


def _meets(active: Active, name: str, row: Row) -> bool:
    return row["seq"] in active.get(name, {}).get("targets", ())


def _after_delivery(delivered: Row, now: datetime) -> Row:
    at = min(delivered["event_at"] + timedelta(minutes=95), now - timedelta(minutes=1))
    message = "Arrived at Regional Facility"
    return {**delivered, "status": "in_transit", "message": message, "event_at": at, "known_at": at}


def _local(scan: Row) -> str:
    zone = _ZONE.get(scan["state"], _EASTERN)
    at: datetime = scan["event_at"].replace(tzinfo=UTC).astimezone(zone)
    return at.strftime("%Y-%m-%dT%H:%M:%S")


def _delivered(connection: Connection, world: World) -> list[int]:
    query = (
        select(PARCELS.c.seq)
        .join(SCANS, SCANS.c.tracking_no == PARCELS.c.tracking_no)
        .where(SCANS.c.status == "delivered", SCANS.c.known_at <= world.close)
        .where(SCANS.c.event_at < world.close - timedelta(hours=1))
    )
    return _some(connection, world, query, "delivered")


def _on_their_way(connection: Connection, world: World) -> list[int]:
    query = (
        select(PARCELS.c.seq)
        .join(SCANS, SCANS.c.tracking_no == PARCELS.c.tracking_no)
        .where(SCANS.c.status == "in_transit", SCANS.c.known_at <= world.close)
    )
    return _some(connection, world, query, "on their way")


def _recent(connection: Connection, world: World) -> list[int]:
    query = select(PARCELS.c.seq).where(PARCELS.c.created_at > world.close - timedelta(days=3))
    return _some(connection, world, query, "recent")


def _some(connection: Connection, world: World, query: Any, purpose: str) -> list[int]:
    found = sorted(set(connection.execute(query).scalars()))
    return sorted(world.rng(f"fault:{purpose}").sample(found, min(CASES, len(found))))


def _of_the_carrier(connection: Connection, world: World) -> list[int]:
    query = (
        select(PARCELS.c.seq)
        .where(PARCELS.c.carrier == LOCAL_CARRIER)
        .where(PARCELS.c.created_at > world.close - timedelta(days=7))
        .order_by(PARCELS.c.seq)
    )
    return list(connection.execute(query).scalars())


TELLINGS = {
    "scan_after_delivery": Telling(
        "The carriers tell of some delivered parcels that they are in transit again.",
        _delivered,
    ),
    "webhook_replayed": Telling(
        f"The carriers tell each event of some parcels {TIMES} times.", _on_their_way
    ),
    "offsets_dropped": Telling(
        f"{LOCAL_CARRIER} tells local times without their offset, over DST nights as well.",
        _of_the_carrier,
    ),
    "number_recycled": Telling(
        "Some tracking numbers were another parcel's four months ago, and it is shown as well.",
        _recent,
    ),
}
