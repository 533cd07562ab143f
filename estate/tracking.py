"""The journey of a parcel: what happens, and when the carrier's system gets to know it.

Nothing becomes known after the day on which a terminal scan is known, and a status that is not
terminal falls by event time only after an exception: the real world does worse, but then the right
answer is a matter of taste, and truth is not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from estate.geography import NODE, PLACE, Place
from estate.store import Row
from estate.world import CLOSE, World

RANK = {
    "unknown": 0, "pre_transit": 10, "in_transit": 30, "out_for_delivery": 40,
    "available_for_pickup": 50, "exception": 60, "delivered": 90, "return_to_sender": 95,
    "lost": 95, "cancelled": 99,
}  # fmt: skip
TERMINAL = {"delivered", "return_to_sender", "lost", "cancelled"}
CANONICAL = {"failure": "exception", "error": "unknown"}
MESSAGES = {
    "unknown": "Status not available",
    "pre_transit": "Shipping Label Created",
    "in_transit": "Arrived at Regional Facility",
    "out_for_delivery": "Out for Delivery",
    "available_for_pickup": "Available for Pickup",
    "failure": "Delivery could not be made",
    "delivered": "Delivered, Front Door",
    "return_to_sender": "Returned to Sender",
}


@dataclass(frozen=True)
class Scan:
    """An event: `known_at` is when the carrier's system shows it, which may be long after."""

    event_at: datetime
    known_at: datetime
    status: str
    place: Place | None


def plan(world: World, rng: Random, parcel: Row, shipped_at: datetime) -> None:
    """Write the parcel's whole journey; the API shows each scan from `known_at` on."""
    origin, target = NODE[parcel["node"]].place, PLACE[parcel["ship_postal"]]
    scans = _disturb(rng, _journey(rng, parcel, origin, target, shipped_at))
    for seq, scan in enumerate(sorted(scans, key=lambda s: (s.known_at, s.event_at)), start=1):
        world.book.add(
            "net.scans", tracking_no=parcel["tracking_no"], seq=seq, known_at=scan.known_at,
            event_at=scan.event_at, status=scan.status, message=MESSAGES[scan.status],
            city=scan.place.city.upper() if scan.place else None,
            state=scan.place.state if scan.place else None,
            zip=scan.place.postal if scan.place else None,
        )  # fmt: skip


def _journey(
    rng: Random, parcel: Row, origin: Place, target: Place, shipped_at: datetime
) -> list[Scan]:
    def scan(at: datetime, status: str, place: Place | None) -> Scan:
        at = at.replace(microsecond=0)
        return Scan(at, at + timedelta(minutes=rng.randint(2, 35)), status, place)

    created: datetime = parcel["created_at"]
    scans = [Scan(created, created, "pre_transit", None)]
    if rng.random() < 0.01:
        before = created - timedelta(seconds=30)
        scans.append(Scan(before, created, "unknown", None))
    scans.append(scan(shipped_at + timedelta(minutes=rng.randint(45, 200)), "in_transit", origin))
    days = max(1, min(6, parcel["transit_days"] + rng.choices((-1, 0, 1, 2), (10, 70, 15, 5))[0]))
    for day in range(1, days):
        at = shipped_at + timedelta(days=day, minutes=rng.randint(-240, 240))
        place = origin if day < days / 2 else target
        scans.append(scan(at, "in_transit", place))
        if rng.random() < 0.012:
            scans.append(scan(at + timedelta(hours=2), "failure", place))
            scans.append(scan(at + timedelta(hours=6), "in_transit", place))
    last = datetime.combine(shipped_at.date() + timedelta(days=days), time(12))
    out = last + timedelta(minutes=rng.randint(0, 150))
    scans.append(scan(out, "out_for_delivery", target))
    fate = rng.random()
    if fate < 0.03:
        scans.append(scan(out + timedelta(hours=4), "failure", target))
        out += timedelta(days=1)
        scans.append(scan(out, "out_for_delivery", target))
    elif fate < 0.045:
        pickup = out + timedelta(hours=2)
        scans.append(scan(pickup, "available_for_pickup", target))
    end = out + timedelta(minutes=rng.randint(150, 290))
    final = "return_to_sender" if 0.05 < fate < 0.058 else "delivered"
    scans.append(scan(end, final, target))
    return scans


def _disturb(rng: Random, scans: list[Scan]) -> list[Scan]:
    """Report some twice, some late, and some after the end, as carriers do."""
    end = scans[-1]
    # A late scan is still known by the close of the day that knows the end.
    limit = datetime.combine(end.known_at.date(), CLOSE) - timedelta(minutes=1)
    disturbed = []
    for scan in scans:
        late = scan.status == "in_transit" and rng.random() < 0.05
        if late:
            known = min(end.known_at, scan.known_at + timedelta(hours=rng.randint(6, 40)))
            scan = replace(scan, known_at=known)
        disturbed.append(scan)
        if rng.random() < 0.015:
            again = min(limit, scan.known_at + timedelta(minutes=rng.randint(1, 300)))
            disturbed.append(replace(scan, known_at=max(again, scan.known_at)))
    if rng.random() < 0.02:
        at = end.event_at + timedelta(minutes=50)
        disturbed.append(Scan(at, min(limit, at + timedelta(minutes=20)), "in_transit", end.place))
    return disturbed


def state(scans: Iterable[Mapping[str, Any]]) -> tuple[str, datetime | None, datetime | None]:
    """A parcel's true status, when it came to it and when it was delivered.

    Events in the order of event time, rank and arrival; a terminal status is left only for a higher
    terminal one.
    """
    status, since, delivered = "unknown", None, None
    for scan in sorted(
        scans, key=lambda s: (s["event_at"], RANK[canonical(s["status"])], s["known_at"])
    ):
        new = canonical(scan["status"])
        if status in TERMINAL and not (new in TERMINAL and RANK[new] > RANK[status]):
            continue
        if new != status or since is None:
            status, since = new, scan["event_at"]
        if new == "delivered" and delivered is None:
            delivered = scan["event_at"]
    return status, since, delivered


def canonical(status: str) -> str:
    """The canonical status of an EasyPost status."""
    return CANONICAL.get(status, status)
