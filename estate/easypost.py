"""Parcels as EasyPost shows them: shapes as in its API reference, https://docs.easypost.com."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from estate.freight import SERVICES, offers
from estate.geography import NODE, PLACE
from estate.schema import TRUTH
from estate.store import Row
from estate.world import close_of

Json = dict[str, Any]
PARCELS, SCANS, META = TRUTH["net.parcels"], TRUTH["net.scans"], TRUTH["net.meta"]
LARGEST_PAGE = 100
_OUNCE, _INCH = Decimal("28.349523125"), Decimal("25.4")


class BadParameterError(Exception):
    """A query that EasyPost would refuse."""


class Records:
    """What the API knows at the estate's present close."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        day = connection.execute(select(META.c.value).where(META.c.name == "day")).scalar_one()
        self._now = close_of(int(day)).replace(tzinfo=None)

    def page(self, kind: str, query: Mapping[str, str]) -> Json | None:
        """A page of trackers or shipments, newest first; None where an id is not known."""
        size = _size(query.get("page_size", "20"))
        wanted = select(PARCELS).where(PARCELS.c.created_at <= self._now)
        order: ColumnElement[int] = PARCELS.c.seq.desc()
        for name in ("before_id", "after_id"):
            if name in query:
                at = self._seq(kind, query[name])
                if at is None:
                    return None
                wanted = wanted.where(
                    PARCELS.c.seq < at if name == "before_id" else PARCELS.c.seq > at
                )
        if "start_datetime" in query:
            wanted = wanted.where(PARCELS.c.created_at >= _time(query, "start_datetime"))
        if "end_datetime" in query:
            wanted = wanted.where(PARCELS.c.created_at <= _time(query, "end_datetime"))
        found = self._connection.execute(wanted.order_by(order).limit(size + 1)).mappings()
        rows = [dict(row) for row in found]
        return {kind: self._shown(kind, rows[:size]), "has_more": len(rows) > size}

    def one(self, kind: str, identifier: str) -> Json | None:
        """A tracker or shipment by its id."""
        seq = self._seq(kind, identifier)
        query = select(PARCELS).where(PARCELS.c.seq == seq, PARCELS.c.created_at <= self._now)
        row = self._connection.execute(query).mappings().first() if seq else None
        return self._shown(kind, [dict(row)])[0] if row else None

    def carriers(self, query: Mapping[str, str]) -> Json:
        """The carriers' metadata; `carriers` and `types` narrow it, comma-separated."""
        names = query.get("carriers", "").split(",") if query.get("carriers") else None
        types = query.get("types", "").split(",") if query.get("types") else None
        carriers: dict[str, Json] = {}
        for service in SERVICES:
            name = service.metadata_carrier
            if names is not None and name not in names:
                continue
            carrier = carriers.setdefault(name, {"name": name, "human_readable": service.carrier})
            if types is None or "service_levels" in types:
                carrier.setdefault("service_levels", []).append({
                    "carrier": name,
                    "name": service.name,
                    "human_readable": service.title,
                    "description": None,
                    "max_weight": float(service.max_ounces),
                    "dimensions": ["Length + girth must be less than 108 inches"]
                    if service.carrier == "USPS"
                    else [],
                })  # fmt: skip
            for other in ("predefined_packages", "shipment_options", "supported_features"):
                if types is None or other in types:
                    carrier[other] = []
        return {"carriers": list(carriers.values())}

    def _seq(self, kind: str, identifier: str) -> int | None:
        # The parcel's number is in clear at the end of its id, so that no table of ids is needed.
        tail = identifier[-9:]
        seq = int(tail) if tail.isdigit() else None
        return seq if seq and identifier == _id(kind, seq) else None

    def _shown(self, kind: str, rows: Sequence[Row]) -> list[Json]:
        numbers = [row["tracking_no"] for row in rows]
        query = select(SCANS).where(SCANS.c.tracking_no.in_(numbers), SCANS.c.known_at <= self._now)
        scans: dict[str, list[Row]] = {number: [] for number in numbers}
        for scan in self._connection.execute(query.order_by(SCANS.c.seq)).mappings():
            scans[scan["tracking_no"]].append(dict(scan))
        if kind == "trackers":
            return [_tracker(row, scans[row["tracking_no"]]) for row in rows]
        return [_shipment(row, scans[row["tracking_no"]]) for row in rows]


def _tracker(row: Row, scans: Sequence[Row]) -> Json:
    orig, dest = NODE[row["node"]].place, PLACE[row["ship_postal"]]
    latest = max((scan["known_at"] for scan in scans), default=row["created_at"])
    status = max(scans, key=lambda s: s["event_at"])["status"] if scans else "unknown"
    is_delivered = status == "delivered"
    return {
        "id": _id("trackers", row["seq"]),
        "object": "Tracker",
        "mode": "test",
        "tracking_code": row["tracking_no"],
        "status": status,
        "status_detail": "arrived_at_destination" if is_delivered else "status_update",
        "created_at": _z(row["created_at"]),
        "updated_at": _z(max(latest, row["created_at"])),
        "signed_by": None,
        "weight": _ounces(row),
        "est_delivery_date": _z(_estimate(row)),
        "shipment_id": _id("shipments", row["seq"]),
        "carrier": row["carrier"],
        "tracking_details": [_detail(row["carrier"], scan) for scan in scans],
        "fees": [],
        "carrier_detail": {
            "object": "CarrierDetail",
            "service": row["service"],
            "container_type": None,
            "origin_location": f"{orig.city.upper()} {orig.state}, {orig.postal}",
            "destination_location": f"{dest.city.upper()} {dest.state}, {dest.postal}",
        },
        "public_url": None,
    }


def _estimate(row: Row) -> datetime:
    promised = row["created_at"] + timedelta(days=row["transit_days"])
    return datetime.combine(promised.date(), time(20))


def _detail(carrier: str, scan: Row) -> Json:
    return {
        "object": "TrackingDetail",
        "message": scan["message"],
        "description": "",
        "status": scan["status"],
        "status_detail": "status_update",
        "datetime": _z(scan["event_at"]),
        "source": carrier,
        "carrier_code": "",
        "tracking_location": {
            "object": "TrackingLocation",
            "city": scan["city"],
            "state": scan["state"],
            "country": "US" if scan["city"] else None,
            "zip": scan["zip"],
        },
    }


def _shipment(row: Row, scans: Sequence[Row]) -> Json:
    orig, dest = NODE[row["node"]].place, PLACE[row["ship_postal"]]
    created = _z(row["created_at"])
    rates = [
        {
            "id": f"rate_{_hex('rate', row['seq'], service.name)}",
            "object": "Rate",
            "created_at": created,
            "updated_at": created,
            "mode": "test",
            "service": service.name,
            "carrier": service.carrier,
            "rate": f"{price:.2f}",
            "currency": "USD",
            "delivery_days": days,
            "delivery_date": None,
            "delivery_date_guaranteed": False,
            "est_delivery_days": days,
            "shipment_id": _id("shipments", row["seq"]),
        }
        for service, price, days in offers(orig.postal[0], dest.postal[0], row["weight_g"])
    ]
    bought = next(
        (r for r in rates if (r["carrier"], r["service"]) == (row["carrier"], row["service"])),
        None,
    )
    return {
        "id": _id("shipments", row["seq"]),
        "object": "Shipment",
        "mode": "test",
        "created_at": created,
        "updated_at": created,
        "is_return": False,
        "messages": [],
        "reference": row["sscc18"],
        "status": "unknown",
        "tracking_code": row["tracking_no"],
        "from_address": _address(NODE[row["node"]].name, orig.city, orig.state, orig.postal),
        "to_address": _address(None, dest.city, dest.state, dest.postal),
        "parcel": {
            "object": "Parcel",
            "length": _inches(row["length_mm"]),
            "width": _inches(row["width_mm"]),
            "height": _inches(row["height_mm"]),
            "predefined_package": None,
            "weight": _ounces(row),
        },
        "rates": rates,
        "selected_rate": bought,
        "tracker": _tracker(row, scans),
        "refund_status": None,
        "usps_zone": None if row["carrier"] != "USPS" else 4,
        "options": {"currency": "USD"},
        "insurance": None,
        "order_id": None,
        "batch_id": None,
        "forms": [],
        "fees": [],
    }


def _address(company: str | None, city: str, state: str, postal: str) -> Json:
    return {
        "object": "Address",
        "name": None,
        "company": company,
        "street1": "1 MAIN STREET",
        "street2": None,
        "city": city.upper(),
        "state": state,
        "zip": postal,
        "country": "US",
        "phone": None,
        "email": None,
        "residential": company is None,
    }


def _id(kind: str, seq: int) -> str:
    prefix = {"trackers": "trk", "shipments": "shp"}[kind]
    return f"{prefix}_{_hex(prefix, seq)[:23]}{seq:09d}"


def _hex(*parts: object) -> str:
    return sha256(":".join(map(str, parts)).encode()).hexdigest()[:32]


def _ounces(row: Row) -> float:
    return float((row["weight_g"] / _OUNCE).quantize(Decimal("0.1")))


def _inches(millimetres: int) -> float:
    return float((millimetres / _INCH).quantize(Decimal("0.1")))


def _z(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _size(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise BadParameterError(f"page_size must be a number from 1 to {LARGEST_PAGE}.")
    return int(text)


def _time(query: Mapping[str, str], name: str) -> datetime:
    try:
        at = datetime.fromisoformat(query[name])
    except ValueError as problem:
        raise BadParameterError(f"{name} must be an ISO 8601 time.") from problem
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).replace(tzinfo=None)
