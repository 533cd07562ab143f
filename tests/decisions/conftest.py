"""A small world in the columns of the canonical contracts, built row by row in a test."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

import decisions
from decisions import RunResult

NOW = datetime(2026, 3, 3, 22, tzinfo=UTC)
_QTY, _MONEY, _AT = pa.decimal128(18, 6), pa.decimal128(18, 4), pa.timestamp("us", "UTC")
_TYPES = {
    "placed_at": _AT, "promised_by": _AT, "priority": pa.int64(), "total": _MONEY,
    "is_deleted": pa.bool_(), "line_no": pa.int64(), "shipped_qty": _QTY, "open_qty": _QTY,
    "net_weight_g": pa.int64(), "gross_g": pa.int64(), "atp": _QTY, "max_weight_g": pa.int64(),
    "break_g": pa.int64(), "valid_from": pa.date32(), "base": _MONEY, "per_kg": _MONEY,
    "fuel_pct": pa.decimal128(9, 4), "transit_days": pa.int64(),
}  # fmt: skip


class World:
    """Rows of each table that sourcing reads, and the run over them."""

    now = NOW

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {
            entity: [] for entity in decisions.job("source_orders").reads
        }

    def node(self, code: str, zone: str, type: str = "fc", status: str = "open") -> None:
        self._add("node", node_uid=f"nod_{code}", node_code=code, type=type, zone=zone,
                  ops_status=status)  # fmt: skip

    def product(self, sku: str, gram: int | None = 500) -> None:
        self._add("product", product_uid=f"prd_{sku}", sku=sku, gross_g=gram, net_weight_g=None)

    def stock(self, code: str, sku: str, qty: int) -> None:
        self._add("inventory_atp", node_uid=f"nod_{code}", product_uid=f"prd_{sku}",
                  atp=Decimal(qty))  # fmt: skip

    def service(self, name: str, max_weight_g: int | None = None) -> None:
        carrier, service = name.split()
        self._add("carrier_service", service_uid=f"svc_{name}", carrier=carrier, service=service,
                  max_weight_g=max_weight_g)  # fmt: skip

    def rate(self, name: str, orig: str, dest: str, base: str, per_kg: str, **more: Any) -> None:
        row = {"break_g": 0, "valid_from": date(2026, 1, 1), "fuel_pct": Decimal(0),
               "transit_days": 2, "currency": "USD"} | more  # fmt: skip
        self._add("carrier_rate", service_uid=f"svc_{name}", orig_zone=orig, dest_zone=dest,
                  base=Decimal(base), per_kg=Decimal(per_kg), **row)  # fmt: skip

    def order(self, no: str, zone: str, *lines: tuple[str, int], **more: Any) -> None:
        row = {"placed_at": NOW - timedelta(hours=5), "promised_by": NOW + timedelta(days=5),
               "priority": 3, "currency": "USD", "total": Decimal(100),
               "status": "placed"} | more  # fmt: skip
        self._add("sales_order", order_uid=f"ord_{no}", order_no=no, ship_to_zone=zone, **row)
        for line_no, (sku, qty) in enumerate(lines, start=1):
            self.line(no, line_no, sku, qty)

    def line(self, no: str, line_no: int, sku: str, qty: int) -> None:
        self._add(
            "sales_order_line",
            order_uid=f"ord_{no}",
            line_no=line_no,
            product_uid=f"prd_{sku}",
            shipped_qty=Decimal(0),
            open_qty=Decimal(qty),
        )

    def tables(self) -> dict[str, pa.Table]:
        reads = decisions.job("source_orders").reads
        return {
            entity: pa.Table.from_pylist(
                self.rows[entity], pa.schema([(c, _TYPES.get(c, pa.string())) for c in columns])
            )
            for entity, columns in reads.items()
        }

    def run(self, **policy: Any) -> RunResult:
        return decisions.run(
            decisions.job("source_orders"), self.tables(), release_id="r1", now=NOW,
            code_version="test", policy=policy,
        )  # fmt: skip

    def _add(self, entity: str, **row: Any) -> None:
        self.rows[entity].append({"is_deleted": False} | row)


@pytest.fixture
def empty_world() -> Callable[[], World]:
    """Makes worlds with nothing in them."""
    return World


@pytest.fixture
def world() -> World:
    """Two own nodes and a 3PL, two services, two articles, stock of both everywhere."""
    made = World()
    made.node("CMH", "US-4")
    made.node("RNO", "US-8")
    made.node("ATL", "US-3", type="3pl")
    for sku in ("AA-1", "AA-2"):
        made.product(sku)
        for code in ("CMH", "RNO", "ATL"):
            made.stock(code, sku, 10)
    for name in ("UPS Ground", "USPS Priority"):
        made.service(name)
    for orig, far in (("US-4", 0), ("US-8", 4), ("US-3", 1)):
        made.rate("UPS Ground", orig, "US-4", f"{5 + far}", "1", transit_days=3)
        made.rate("USPS Priority", orig, "US-4", f"{8 + far}", "2", transit_days=1)
    return made
