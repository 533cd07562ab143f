"""What there is to source, and from where: the release's tables as records."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from decisions.sourcing.units import millionths, ticks

READS: Mapping[str, tuple[str, ...]] = {
    "sales_order": (
        "order_uid", "order_no", "placed_at", "promised_by", "priority", "total",
        "status", "ship_to_zone", "is_deleted",
    ),
    "sales_order_line": (
        "order_uid", "line_no", "product_uid", "shipped_qty", "open_qty", "is_deleted",
    ),
    "product": ("product_uid", "sku", "net_weight_g", "gross_g", "is_deleted"),
    "node": ("node_uid", "node_code", "type", "zone", "ops_status", "is_deleted"),
    "fulfilment_order": ("order_uid", "node_uid", "status", "is_deleted"),
    "inventory_atp": ("node_uid", "product_uid", "atp", "is_deleted"),
    "carrier_service": ("service_uid", "carrier", "service", "max_weight_g", "is_deleted"),
    "carrier_rate": (
        "service_uid", "orig_zone", "dest_zone", "break_g", "valid_from", "base", "per_kg",
        "fuel_pct", "transit_days", "currency", "is_deleted",
    ),
}  # fmt: skip

# A draft may still change, a held order waits for a person, the others are over.
_NOT_SOURCED = {"draft", "on_hold", "cancelled", "closed"}
_ENDED = {"incomplete", "closed", "cancelled"}

Stock = dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Node:
    """A place that may ship; `closed` says why it may not."""

    uid: str
    code: str
    type: str
    zone: str
    closed: str | None

    @property
    def is_open(self) -> bool:
        """Whether it may ship."""
        return self.closed is None


@dataclass(frozen=True, slots=True)
class Line:
    """An open line; `qty` and `shipped` in millionths of a base unit, `gram` of one unit."""

    line_no: int
    product_uid: str
    sku: str
    qty: int
    shipped: int
    gram: int


@dataclass(frozen=True, slots=True)
class Order:
    """An order with all its open lines; `problems` are reasons for which it cannot be sourced.

    `ended` counts by node_uid what a node was told of it before and is done with.
    """

    uid: str
    no: str
    zone: str
    placed_at: datetime
    promised_by: datetime
    priority: int
    total: int
    lines: tuple[Line, ...]
    ended: Mapping[str, int]
    problems: tuple[str, ...]

    @property
    def units(self) -> int:
        """All that is open, in millionths."""
        return sum(line.qty for line in self.lines)


def nodes(table: pa.Table, stopped: Collection[str] = ()) -> list[Node]:
    """All live nodes by code; those whose `node:CODE` is stopped are closed."""
    rows = [row for row in table.to_pylist() if not row["is_deleted"]]
    found = [
        Node(r["node_uid"], r["node_code"], r["type"], r["zone"], _closed(r, stopped)) for r in rows
    ]
    return sorted(found, key=lambda node: (node.code, node.uid))


def _closed(row: Mapping[str, Any], stopped: Collection[str]) -> str | None:
    if row["ops_status"] == "closed":
        return "node closed"
    return "node stopped by its breaker" if f"node:{row['node_code']}" in stopped else None


def stock(table: pa.Table) -> Stock:
    """What may be promised, in millionths, by (node_uid, product_uid); only what is above zero."""
    found: Stock = {}
    for row in table.to_pylist():
        qty = millionths(row["atp"])
        if not row["is_deleted"] and qty > 0:
            found[row["node_uid"], row["product_uid"]] = qty
    return found


def orders(tables: Mapping[str, pa.Table]) -> tuple[list[Order], list[str]]:
    """Orders with something open, in the order in which they get stock; and the unknown ones.

    The urgent first (priority), then by promise, date and number. Second come the uids of
    orders that open lines name and the release lacks.
    """
    heads = {
        row["order_uid"]: row for row in tables["sales_order"].to_pylist() if not row["is_deleted"]
    }
    lines, problems = _open_lines(tables)
    ended = _ended(tables["fulfilment_order"])
    found = [
        Order(
            uid=uid,
            no=head["order_no"],
            zone=head["ship_to_zone"],
            placed_at=head["placed_at"],
            promised_by=head["promised_by"],
            priority=head["priority"],
            total=ticks(head["total"]),
            lines=tuple(sorted(lines[uid], key=lambda line: line.line_no)),
            ended=ended[uid],
            problems=tuple(sorted(problems[uid])),
        )
        for uid, head in heads.items()
        if uid in lines and head["status"] not in _NOT_SOURCED
    ]
    found.sort(key=lambda o: (o.priority, o.promised_by, o.placed_at, o.no, o.uid))
    return found, sorted(lines.keys() - heads.keys())


def _ended(table: pa.Table) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in table.to_pylist():
        if row["status"] in _ENDED and not row["is_deleted"]:
            found[row["order_uid"]][row["node_uid"]] += 1
    return found


def _open_lines(
    tables: Mapping[str, pa.Table],
) -> tuple[dict[str, list[Line]], dict[str, set[str]]]:
    products = {
        row["product_uid"]: row for row in tables["product"].to_pylist() if not row["is_deleted"]
    }
    lines: dict[str, list[Line]] = defaultdict(list)
    problems: dict[str, set[str]] = defaultdict(set)
    for row in tables["sales_order_line"].to_pylist():
        if row["is_deleted"] or row["open_qty"] <= 0:
            continue
        product = products.get(row["product_uid"], {})
        gram = product.get("gross_g") or product.get("net_weight_g")
        if not product:
            problems[row["order_uid"]].add("identity_unresolved")
        elif not gram:
            problems[row["order_uid"]].add("weight_unknown")
        lines[row["order_uid"]].append(
            Line(
                line_no=row["line_no"],
                product_uid=row["product_uid"],
                sku=product.get("sku", row["product_uid"]),
                qty=millionths(row["open_qty"]),
                shipped=millionths(row["shipped_qty"]),
                gram=gram or 0,
            )
        )
    return lines, problems
