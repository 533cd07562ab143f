"""Trackers and shipments in EasyPost's shapes, https://docs.easypost.com."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from estate.freight import offers
from estate.geography import NODE, PLACE
from estate.store import Row

Json = dict[str, Any]
_OUNCE, _INCH = Decimal("28.349523125"), Decimal("25.4")


def tracker_of(row: Row, scans: Sequence[Row], since: datetime) -> Json:
    """A tracker; it was retold at `since`, if not by a scan later."""
    orig, dest = NODE[row["node"]].place, PLACE[row["ship_postal"]]
    latest = max((scan["known_at"] for scan in scans), default=row["created_at"])
    status = max(scans, key=lambda s: s["event_at"])["status"] if scans else "unknown"
    is_delivered = status == "delivered"
    return {
        "id": id_of("trackers", row["seq"]),
        "object": "Tracker",
        "mode": "test",
        "tracking_code": row["tracking_no"],
        "status": status,
        "status_detail": "arrived_at_destination" if is_delivered else "status_update",
        "created_at": _z(row["created_at"]),
        "updated_at": _z(max(latest, since)),
        "signed_by": None,
        "weight": _ounces(row),
        "est_delivery_date": _z(_estimate(row)),
        "shipment_id": id_of("shipments", row["seq"]),
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
        "datetime": scan.get("shown_at") or _z(scan["event_at"]),
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


def shipment_of(row: Row, scans: Sequence[Row], since: datetime) -> Json:
    """A shipment, its tracker inside."""
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
            "shipment_id": id_of("shipments", row["seq"]),
        }
        for service, price, days in offers(orig.postal[0], dest.postal[0], row["weight_g"])
    ]
    bought = next(
        (r for r in rates if (r["carrier"], r["service"]) == (row["carrier"], row["service"])),
        None,
    )
    return {
        "id": id_of("shipments", row["seq"]),
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
        "tracker": tracker_of(row, scans, since),
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


def id_of(kind: str, seq: int) -> str:
    """The id of a tracker or shipment; the parcel's number is in clear at its end."""
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
