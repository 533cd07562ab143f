"""The true state of the network, in the words of the canonical model, for tests to compare with.

Quantities are base units and money USD, both Decimal; times are aware UTC. Natural keys, no uids.
"""

from collections import defaultdict
from collections.abc import Mapping, Set
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.engine import Engine

from estate.catalogue import Catalogue
from estate.schema import TRUTH
from estate.store import Row
from estate.tracking import canonical, state

Tables = dict[str, list[Row]]
INBOUND_DAYS = 7


def read_truth(
    engine: Engine, now: datetime, catalogue: Catalogue, recalled: Set[tuple[str, str]]
) -> Tables:
    """Every truth table at `now`, rows in the order of their keys.

    Of `recalled` lots, article and lot code, nothing is available.
    """
    with engine.connect() as connection:
        lines = _order_lines(connection)
        scans = _scans(connection, now)
        packages = _packages(connection, scans)
        stock = _stock(connection, recalled)
        return {
            "orders": _orders(connection, lines),
            "order_lines": lines,
            "shipments": _shipments(connection),
            "packages": packages,
            "package_items": _package_items(connection),
            "stock": stock,
            "atp": _atp(connection, stock, now),
            "products": _products(connection, catalogue),
            "tracking_events": _events(connection, scans),
            "discrepancies": _discrepancies(connection),
            "requests": rows(connection, "net.requests"),
            "releases": _releases(connection),
        }


def rows(connection: Connection, name: str) -> list[Row]:
    """A table of truth.sqlite in the order of its keys, its times aware."""
    table = TRUTH[name]
    query = select(table).order_by(*table.primary_key)
    return [
        {k: v.replace(tzinfo=UTC) if isinstance(v, datetime) else v for k, v in row.items()}
        for row in connection.execute(query).mappings()
    ]


def _line_status(ordered: int, cancelled: int, allocated: int, shipped: int) -> str:
    if cancelled == ordered:
        return "cancelled"
    if shipped >= ordered - cancelled:
        return "fulfilled"
    if shipped > 0:
        return "partially_fulfilled"
    return "accepted" if allocated > 0 else "placed"


def _order_lines(connection: Connection) -> list[Row]:
    prices = {
        (row["order_no"], row["line_no"]): row["unit_price"]
        for row in rows(connection, "erp.sales_order_lines")
    }
    lines = []
    for row in rows(connection, "net.lines"):
        counts = tuple(row[name] for name in ("ordered", "cancelled", "allocated", "shipped"))
        ordered, cancelled, allocated, shipped = counts
        lines.append({
            "order_no": row["order_no"],
            "line_no": row["line_no"],
            "sku": row["sku"],
            "ordered_qty": Decimal(ordered),
            "cancelled_qty": Decimal(cancelled),
            "allocated_qty": Decimal(allocated),
            "shipped_qty": Decimal(shipped),
            "open_qty": Decimal(max(0, ordered - cancelled - allocated - shipped)),
            "unit_price": prices[row["order_no"], row["line_no"]],
            "status": _line_status(*counts),
        })  # fmt: skip
    return lines


def _orders(connection: Connection, lines: list[Row]) -> list[Row]:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for line in lines:
        if line["status"] != "cancelled":
            for place, name in enumerate(("ordered", "cancelled", "allocated", "shipped")):
                sums[line["order_no"]][place] += int(line[f"{name}_qty"])
    same = (
        "order_no", "channel", "placed_at", "promised_by", "priority", "currency", "total",
        "ship_country", "ship_postal",
    )  # fmt: skip
    orders = []
    for row in rows(connection, "erp.sales_orders"):
        is_cancelled = row["status"] == "cancelled"
        status = "cancelled" if is_cancelled else _line_status(*sums[row["order_no"]])
        orders.append({**{name: row[name] for name in same}, "status": status})
    return orders


def _shipments(connection: Connection) -> list[Row]:
    costs: dict[str, Decimal] = {}
    for parcel in rows(connection, "net.parcels"):
        number = parcel["shipment_no"]
        costs[number] = costs.get(number, Decimal(0)) + parcel["cost"]
    names = ("shipment_no", "order_no", "carrier", "service", "status", "released_at", "shipped_at")
    # The 3PL was told when the hub's 940 says so, which is before we let it look.
    told = {row["shipment_no"]: row["sent_at"] for row in rows(connection, "net.releases")}
    return [
        {
            **{name: row[name] for name in names},
            "released_at": told.get(row["shipment_no"]) or row["released_at"],
            "node_code": row["node"],
            "cost": costs.get(row["shipment_no"]),
        }
        for row in rows(connection, "net.shipments")
    ]


def _releases(connection: Connection) -> list[Row]:
    """Who asked for each shipment: `hub` or `fallback` while led, else the `network` itself."""
    known = {row["shipment_no"]: row for row in rows(connection, "net.releases")}
    nobody = {"asked_by": "network", "channel": None, "key": None}
    return [
        {
            "shipment_no": row["shipment_no"],
            "order_no": row["order_no"],
            **{name: known.get(row["shipment_no"], nobody)[name] for name in nobody},
        }
        for row in rows(connection, "net.shipments")
    ]


def _scans(connection: Connection, now: datetime) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for scan in rows(connection, "net.scans"):
        if scan["known_at"] <= now:
            found[scan["tracking_no"]].append(scan)
    return found


def _packages(connection: Connection, scans: Mapping[str, list[Row]]) -> list[Row]:
    packages = []
    for row in rows(connection, "net.parcels"):
        status, since, delivered = state(scans.get(row["tracking_no"], ()))
        names = ("sscc18", "shipment_no", "carrier", "tracking_no", "weight_g")
        packages.append({
            **{name: row[name] for name in names},
            "status": status,
            "status_at": since,
            "delivered_at": delivered,
        })  # fmt: skip
    return packages


def _package_items(connection: Connection) -> list[Row]:
    return [
        {
            "sscc18": row["sscc18"],
            "order_line_no": row["line_no"],
            "sku": row["sku"],
            "qty": Decimal(row["qty"]),
        }
        for row in rows(connection, "net.parcel_items")
    ]


def _events(connection: Connection, scans: Mapping[str, list[Row]]) -> list[Row]:
    events = []
    for parcel in rows(connection, "net.parcels"):
        number = parcel["tracking_no"]
        seen = {(scan["event_at"], canonical(scan["status"])) for scan in scans.get(number, ())}
        for event_at, status in sorted(seen):
            events.append({
                "carrier": parcel["carrier"],
                "tracking_no": number,
                "status": status,
                "event_at": event_at,
            })  # fmt: skip
    return events


def _stock(connection: Connection, recalled: Set[tuple[str, str]]) -> list[Row]:
    sums: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for row in rows(connection, "net.stock"):
        is_recalled = (row["sku"], row["lot_code"]) in recalled and row[
            "disposition"
        ] == "available"
        disposition = "recalled" if is_recalled else row["disposition"]
        sums[row["node"], row["sku"], row["lot_code"], disposition] += row["qty"]
    names = ("node_code", "sku", "lot_code", "disposition")
    return [
        {**dict(zip(names, key, strict=True)), "qty": Decimal(qty)}
        for key, qty in sorted(sums.items())
        if qty
    ]


def _atp(connection: Connection, stock: list[Row], now: datetime) -> list[Row]:
    parts: dict[tuple[str, str], dict[str, Any]] = defaultdict(
        lambda: dict.fromkeys(
            ("on_hand", "unavailable", "allocated", "safety", "inbound_7d"), Decimal(0)
        )
    )
    for row in stock:
        here = parts[row["node_code"], row["sku"]]
        here["on_hand"] += row["qty"]
        here["unavailable"] += row["qty"] if row["disposition"] != "available" else 0
    for row in rows(connection, "erp.stock"):
        parts[row["warehouse_code"], row["sku"]]["safety"] += row["safety_qty"]
    nodes = {row["shipment_no"]: row["node"] for row in rows(connection, "net.shipments")}
    for row in rows(connection, "net.shipment_lines"):
        if not row["is_closed"]:
            parts[nodes[row["shipment_no"]], row["sku"]]["allocated"] += row["ordered"]
    soon = now + timedelta(days=INBOUND_DAYS)
    orders = rows(connection, "erp.purchase_orders")
    expected = {row["po_no"]: row["expected_at"] for row in orders}
    for row in rows(connection, "net.inbound"):
        if not row["is_closed"] and expected[row["po_no"]] <= soon:
            units = (row["ordered"] - row["received"]) * row["factor"]
            parts[row["node"], row["sku"]]["inbound_7d"] += units
    return [
        {"node_code": node, "sku": sku, **here, "atp": _promisable(here)}
        for (node, sku), here in sorted(parts.items())
    ]


def _promisable(here: Mapping[str, Decimal]) -> Decimal:
    left = here["on_hand"] - here["unavailable"] - here["allocated"] - here["safety"]
    return max(Decimal(0), left)


def _products(connection: Connection, catalogue: Catalogue) -> list[Row]:
    packs = {
        row["sku"]: row
        for row in rows(connection, "erp.product_packs")
        if row["pack_level"] == "each"
    }
    items = {row["item_id"]: row for row in rows(connection, "wms.items")}
    names = (
        "sku", "name", "category", "base_uom", "lifecycle", "hazmat_class", "net_weight_g",
        "unit_cost", "currency",
    )  # fmt: skip
    products = []
    for row in rows(connection, "erp.products"):
        # The ERP may list an article under a second number; it is still one.
        if row["sku"] not in catalogue.by_sku:
            continue
        pack = packs[row["sku"]]
        item = items[catalogue.by_sku[row["sku"]].item_id]
        product = {**{name: row[name] for name in names}, "gtin14": pack["gtin14"]}
        for name in ("length_mm", "width_mm", "height_mm"):
            product[name] = item[name] if item[name] is not None else row[name]
        product["gross_g"] = item["gross_g"] if item["gross_g"] is not None else pack["gross_g"]
        products.append(product)
    return products


def _discrepancies(connection: Connection) -> list[Row]:
    """Where a system's stock figure is wrong: `qty` is how much too many it shows.

    What is merely in flight is not among them: the ERP posts a day in the night that follows.
    `fault` is null for what happens without anybody injecting it.
    """
    return [
        {
            "fault": row["fault"],
            "system": row["system"],
            "node_code": row["node"],
            "sku": row["sku"],
            "class": row["kind"],
            "qty": Decimal(row["qty"]),
        }
        for row in rows(connection, "net.discrepancies")
        if not row["is_closed"] and row["qty"]
    ]
