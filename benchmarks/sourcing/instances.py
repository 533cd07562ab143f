"""Backlogs to source, in the tables that the job reads; the same seed gives the same backlog."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from decisions.sourcing.problem import READS

NOW = datetime(2026, 3, 3, 22, tzinfo=UTC)

_QTY, _MONEY, _AT = pa.decimal128(18, 6), pa.decimal128(18, 4), pa.timestamp("us", "UTC")
_TYPES = {
    "placed_at": _AT, "promised_by": _AT, "priority": pa.int64(), "total": _MONEY,
    "is_deleted": pa.bool_(), "line_no": pa.int64(), "shipped_qty": _QTY, "open_qty": _QTY,
    "net_weight_g": pa.int64(), "gross_g": pa.int64(), "atp": _QTY, "max_weight_g": pa.int64(),
    "break_g": pa.int64(), "valid_from": pa.date32(), "base": _MONEY, "per_kg": _MONEY,
    "fuel_pct": pa.decimal128(9, 4), "transit_days": pa.int64(),
}  # fmt: skip

# name, base, dollars a kilogram, days: for a neighbouring zone; distance adds to each
_SERVICES = (
    ("USPS GroundAdvantage", 4.2, 0.9, 3), ("USPS Priority", 7.1, 1.3, 1),
    ("UPS Ground", 6.0, 0.6, 2), ("UPS 2ndDayAir", 12.5, 2.1, 1),
    ("FedEx FEDEX_GROUND", 6.3, 0.55, 2), ("FedEx FEDEX_2_DAY", 12.9, 2.0, 1),
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """How large a backlog is and how tight its stock: supply over demand of each article."""

    orders: int
    nodes: int
    products: int = 60
    supply: float = 1.3
    stocked_share: float = 0.6


def backlog(shape: Shape, seed: int) -> dict[str, pa.Table]:
    """The tables of one backlog."""
    rng = random.Random(seed)  # noqa: S311  not for secrets
    rows: dict[str, list[dict[str, Any]]] = {entity: [] for entity in READS}
    for n in range(shape.products):
        gram = int(rng.lognormvariate(6.3, 0.8)) + 30
        rows["product"].append({"product_uid": f"p{n}", "sku": f"AA-{n:05}", "gross_g": gram})
    for n in range(shape.nodes):
        rows["node"].append(
            {
                "node_uid": f"n{n:02}",
                "node_code": f"N{n:02}",
                "type": "3pl" if rng.random() < 0.3 else "fc",
                "zone": f"US-{(n * 7 + 3) % 10}",
                "ops_status": "open",
            }
        )
    demand = _orders(rows, shape, rng)
    _stock(rows, shape, rng, demand)
    _rates(rows, rng)
    return {
        entity: pa.Table.from_pylist(
            [{"is_deleted": False} | row for row in rows[entity]],
            pa.schema([(column, _TYPES.get(column, pa.string())) for column in columns]),
        )
        for entity, columns in READS.items()
    }


def _orders(
    rows: dict[str, list[dict[str, Any]]], shape: Shape, rng: random.Random
) -> dict[str, int]:
    popularity = [1 / (n + 1) ** 0.8 for n in range(shape.products)]
    demand = {f"p{n}": 0 for n in range(shape.products)}
    for n in range(shape.orders):
        rows["sales_order"].append(
            {
                "order_uid": f"o{n}",
                "order_no": f"SO-{n:05}",
                "placed_at": NOW - timedelta(minutes=rng.randint(1, 1440)),
                "promised_by": NOW + timedelta(days=rng.randint(2, 6)),
                "priority": rng.choice([1, 2, 3, 3, 3]),
                "currency": "USD",
                "total": Decimal(100),
                "status": "placed",
                "ship_to_zone": f"US-{rng.randint(0, 9)}",
            }
        )
        for line_no in range(1, rng.choice([1, 1, 1, 2, 2, 3, 4]) + 1):
            product = f"p{rng.choices(range(shape.products), popularity)[0]}"
            qty = rng.choice([1, 1, 1, 2, 3])
            demand[product] += qty
            rows["sales_order_line"].append(
                {
                    "order_uid": f"o{n}",
                    "line_no": line_no,
                    "product_uid": product,
                    "shipped_qty": Decimal(0),
                    "open_qty": Decimal(qty),
                }
            )
    return demand


def _stock(
    rows: dict[str, list[dict[str, Any]]], shape: Shape, rng: random.Random, demand: dict[str, int]
) -> None:
    for product, wanted in demand.items():
        holders = [n for n in range(shape.nodes) if rng.random() < shape.stocked_share] or [0]
        units = dict.fromkeys(holders, 0)
        for _ in range(int(wanted * shape.supply) + 1):
            units[rng.choice(holders)] += 1
        rows["inventory_atp"] += [
            {"node_uid": f"n{n:02}", "product_uid": product, "atp": Decimal(qty)}
            for n, qty in units.items()
        ]


def _rates(rows: dict[str, list[dict[str, Any]]], rng: random.Random) -> None:
    for name, base, per_kg, days in _SERVICES:
        carrier, service = name.split()
        rows["carrier_service"].append(
            {"service_uid": name, "carrier": carrier, "service": service}
        )
        for orig in range(10):
            for dest in range(10):
                far = abs(orig - dest)
                noise = rng.uniform(0.95, 1.05)
                for break_g, discount in ((0, 1.0), (2000, 0.9), (10000, 0.8)):
                    rows["carrier_rate"].append(
                        {
                            "service_uid": name,
                            "orig_zone": f"US-{orig}",
                            "dest_zone": f"US-{dest}",
                            "break_g": break_g,
                            "valid_from": date(2026, 1, 1),
                            "base": round(Decimal((base + 0.35 * far) * noise), 4),
                            "per_kg": round(Decimal((per_kg + 0.12 * far) * discount), 4),
                            "fuel_pct": Decimal("12.5"),
                            "transit_days": days + (far // 3 if days > 1 else 0),
                            "currency": "USD",
                        }
                    )
