"""What each order got and what it cost: the measure by which two policies are compared."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from sqlalchemy.engine import Engine

from estate.store import Row
from estate.tracking import state
from estate.truth import rows


def service_levels(engine: Engine, now: datetime | None) -> list[Row]:
    """A row for each order; see `Estate.service_levels`. Without `now`, as it will have been."""
    with engine.connect() as connection:
        orders = rows(connection, "erp.sales_orders")
        lines, releases = rows(connection, "net.lines"), rows(connection, "net.releases")
        shipments, parcels = rows(connection, "net.shipments"), rows(connection, "net.parcels")
        scans: dict[str, list[Row]] = defaultdict(list)
        for scan in rows(connection, "net.scans"):
            if now is None or scan["known_at"] <= now:
                scans[scan["tracking_no"]].append(scan)
    units: dict[str, Row] = defaultdict(lambda: dict.fromkeys(_UNITS, 0))
    for line in lines:
        for name in _UNITS:
            units[line["order_no"]][name] += line[name]
    asked_by = {row["shipment_no"]: row["asked_by"] for row in releases}
    by_order: dict[str, list[Row]] = defaultdict(list)
    for shipment in shipments:
        if shipment["shipped_at"] is not None:
            by_order[shipment["order_no"]].append(shipment)
    by_shipment: dict[str, list[Row]] = defaultdict(list)
    for parcel in parcels:
        by_shipment[parcel["shipment_no"]].append(parcel)
    levels = []
    for order in orders:
        number = order["order_no"]
        left = by_order[number]
        sent = [parcel for shipment in left for parcel in by_shipment[shipment["shipment_no"]]]
        arrived = [state(scans[parcel["tracking_no"]])[2] for parcel in sent]
        levels.append({
            **{name: order[name] for name in ("order_no", "priority", "placed_at", "promised_by")},
            "delivered_at": _last(arrived) if _is_whole(units[number]) else None,
            "asked_by": sorted({asked_by.get(s["shipment_no"], "network") for s in left}),
            "shipments": len(left),
            "parcels": len(sent),
            "freight_cost": sum((parcel["cost"] for parcel in sent), Decimal(0)),
            **{f"units_{name}": count for name, count in units[number].items()},
        })  # fmt: skip
    return levels


_UNITS = ("ordered", "shipped", "cancelled")


def _is_whole(units: Row) -> bool:
    return bool(units["shipped"] == units["ordered"] - units["cancelled"])


def _last(arrived: list[datetime | None]) -> datetime | None:
    known = [at for at in arrived if at is not None]
    return max(known) if known and len(known) == len(arrived) else None
