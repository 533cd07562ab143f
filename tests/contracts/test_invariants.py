"""The invariants of the canonical model: for each, rows that keep it and one change that breaks it.

An entry names the rule, the rows that are sound, and the change: a column of the first row of a
table and its new value. Columns that a row leaves out are filled, so that it is read for its point.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import duckdb
import pytest

import contracts

NOW = datetime(2026, 3, 11, 23, tzinfo=UTC)
Row = Mapping[str, object]
FILLED = {"VARCHAR": "'x'", "BIGINT": "1", "BOOLEAN": "false", "DATE": "DATE '2026-03-11'"}
FILLED |= {"TIMESTAMPTZ": "TIMESTAMPTZ '2026-03-11 20:00:00Z'", "TIME": "TIME '12:00'"}


class Case(NamedTuple):
    rule: str
    rows: Mapping[str, Sequence[Row]]
    change: tuple[str, str, object]


LINE = {"order_uid": "o", "line_no": 1, "ordered_qty": 5, "cancelled_qty": 1, "shipped_qty": 4}
PLACE = {"node_uid": "n", "product_uid": "p"}
HELD = {**PLACE, "lot_code": "L"}
GTIN, GLN, SSCC = "04006381333931", "4000001000005", "000000000000000017"
INVARIANTS = {
    "1 position equals movements": Case(
        "inventory_movement.position_equals_movements",
        {
            "inventory_movement": [
                {**HELD, "movement_uid": "1", "qty": 7, "source_system": "wms"},
                {**HELD, "movement_uid": "2", "qty": -2, "source_system": "wms"},
                {**HELD, "movement_uid": "3", "qty": 9, "source_system": "threepl"},
            ],
            "inventory_position": [{**HELD, "qty": 5, "source_system": "wms"}],
        },
        ("inventory_position", "qty", 60),
    ),
    "2 allocations within the stock": Case(
        "allocation.within_the_stock",
        {
            "allocation": [
                {**HELD, "allocation_uid": "1", "qty": 3, "status": "firm"},
                {**HELD, "allocation_uid": "2", "qty": 2, "status": "soft"},
                {**HELD, "allocation_uid": "3", "qty": 9, "status": "released"},
            ],
            "inventory": [
                {**HELD, "qty": 5, "disposition": "available"},
                {**HELD, "qty": 8, "disposition": "damaged"},
            ],
        },
        ("allocation", "qty", 4),
    ),
    "2 allocations are what atp subtracts": Case(
        "allocation.is_what_atp_subtracts",
        {
            "allocation": [{**HELD, "qty": 3, "status": "firm"}],
            "inventory_atp": [
                {**PLACE, "allocated": 3},
                {**PLACE, "node_uid": "m", "allocated": 0},
            ],
        },
        ("allocation", "status", "expired"),
    ),
    "2 one live allocation a place": Case(
        "allocation.one_live_a_place",
        {
            "allocation": [
                {**HELD, "order_uid": "o", "order_line_no": 1, "status": "released"},
                {**HELD, "order_uid": "o", "order_line_no": 1, "status": "firm"},
            ]
        },
        ("allocation", "status", "proposed"),
    ),
    "3 package items sum to shipped": Case(
        "package_item.items_sum_to_shipped",
        {
            "sales_order_line": [LINE],
            "package_item": [
                {"order_uid": "o", "order_line_no": 1, "package_uid": "a", "qty": 3},
                {"order_uid": "o", "order_line_no": 1, "package_uid": "b", "qty": 1},
            ],
        },
        ("package_item", "qty", 2),
    ),
    "4 shipped within ordered": Case(
        "sales_order_line.shipped_within_ordered",
        {"sales_order_line": [LINE]},
        ("sales_order_line", "cancelled_qty", 2),
    ),
    "5 one live version a unit": Case(
        "fulfilment_order_line.one_live_version_a_unit",
        {
            "sales_order_line": [LINE],
            "fulfilment_order": [
                {"fo_uid": "old", "status": "cancelled"},
                {"fo_uid": "short", "status": "incomplete"},
                {"fo_uid": "rest", "status": "open"},
            ],
            "fulfilment_order_line": [
                {"fo_uid": uid, "order_uid": "o", "order_line_no": 1, "qty": qty, "shipped_qty": n}
                for uid, qty, n in (("old", 4, 0), ("short", 4, 3), ("rest", 1, 0))
            ],
        },
        ("fulfilment_order", "status", "in_progress"),
    ),
    "5 one current row a fulfilment order": Case(
        "fulfilment_order.fo_no_once",
        {"fulfilment_order": [{"fo_uid": "1", "fo_no": "A"}, {"fo_uid": "2", "fo_no": "B"}]},
        ("fulfilment_order", "fo_no", "B"),
    ),
    "6 base quantity is exact": Case(
        "sales_order_line.base_quantity_is_exact",
        {
            "sales_order_line": [
                {
                    **LINE,
                    "product_uid": "p",
                    "ordered_qty": 24,
                    "ordered_qty_raw": 2,
                    "ordered_uom": "CA",
                }
            ],
            "product_pack": [
                {"product_uid": "p", "pack_level": "case", "qty_num": 12, "qty_den": 1}
            ],
        },
        ("product_pack", "qty_num", 6),
    ),
    "7 a GTIN's check digit": Case(
        "product.gtin14_check_digit",
        {"product": [{"gtin14": GTIN}]},
        ("product", "gtin14", GTIN[:-1] + "2"),
    ),
    "7 a pack's GTIN's check digit": Case(
        "product_pack.gtin14_check_digit",
        {"product_pack": [{"gtin14": GTIN}]},
        ("product_pack", "gtin14", GTIN[:-1] + "2"),
    ),
    "7 a GLN's check digit": Case(
        "node.gln13_check_digit",
        {"node": [{"gln13": GLN}]},
        ("node", "gln13", GLN[:-1] + "6"),
    ),
    "7 an SSCC's check digit": Case(
        "package.sscc18_check_digit",
        {"package": [{"sscc18": SSCC}]},
        ("package", "sscc18", SSCC[:-1] + "8"),
    ),
    "7 an incoming SSCC's check digit": Case(
        "inbound_shipment_line.sscc18_check_digit",
        {"inbound_shipment_line": [{"sscc18": SSCC}, {"sscc18": None}]},
        ("inbound_shipment_line", "sscc18", SSCC[:-1] + "8"),
    ),
    "7 an incoming SSCC's length": Case(
        "inbound_shipment_line.sscc18_check_digit",
        {"inbound_shipment_line": [{"sscc18": SSCC}]},
        ("inbound_shipment_line", "sscc18", "00" + SSCC),
    ),
    "8 no event from the future": Case(
        "tracking_event.not_from_the_future",
        {
            "tracking_event": [
                {"event_at": "2026-03-11 20:15:00Z", "received_at": "2026-03-11 20:00:00Z"}
            ]
        },
        ("tracking_event", "event_at", "2026-03-11 20:16:00Z"),
    ),
    "8 no movement from the future": Case(
        "inventory_movement.not_from_the_future",
        {
            "inventory_movement": [
                {"occurred_at": "2026-03-11 20:15:00Z", "loaded_at": "2026-03-11 20:00:00Z"}
            ]
        },
        ("inventory_movement", "occurred_at", "2026-03-11 23:00:00Z"),
    ),
    "8 no receipt from the future": Case(
        "receipt_line.not_from_the_future",
        {
            "receipt_line": [
                {"received_at": "2026-03-11 20:15:00Z", "loaded_at": "2026-03-11 20:00:00Z"}
            ]
        },
        ("receipt_line", "received_at", "2026-03-11 23:00:00Z"),
    ),
    "9 no orphan without a task": Case(
        "orphan.has_a_task",
        {
            "orphan": [{"source_key": "1", "task_uid": "a"}, {"source_key": "2", "task_uid": "a"}],
            "steward_task": [{"task_uid": "a"}],
        },
        ("orphan", "task_uid", "b"),
    ),
    "11 a terminal package never regresses": Case(
        "package.terminal_never_regresses",
        {
            "package": [{"package_uid": "p", "status": "delivered"}],
            "tracking_event": [{"package_uid": "p", "canonical_status": "delivered"}],
        },
        ("package", "status", "in_transit"),
    ),
    "a parcel leaves before it is delivered": Case(
        "package.delivered_after_shipped",
        {
            "package": [{"shipment_uid": "s", "delivered_at": "2026-03-11 20:00:00Z"}],
            "shipment": [{"shipment_uid": "s", "shipped_at": "2026-03-11 20:15:00Z"}],
        },
        ("shipment", "shipped_at", "2026-03-11 20:16:00Z"),
    ),
    "a code means a status of ours": Case(
        "status_map.means_a_status_of_ours",
        {
            "status_map": [
                {"raw_code": "D1", "entity": "tracking_status", "canonical_code": "delivered"},
                {"raw_code": "Shipped", "entity": "order_status", "canonical_code": "fulfilled"},
                {"raw_code": "33", "entity": "disposition", "canonical_code": "available"},
            ]
        },
        ("status_map", "canonical_code", "arrived"),
    ),
    "12 an idempotency key is unique": Case(
        "idempotency_key.unique",
        {"allocation": [{"idempotency_key": "a"}, {"idempotency_key": "b"}]},
        ("allocation", "idempotency_key", "b"),
    ),
    "atp is the rest": Case(
        "inventory_atp.atp_is_the_rest",
        {
            "inventory_atp": [
                {"on_hand": 9, "unavailable": 1, "allocated": 2, "safety": 3, "atp": 3}
            ]
        },
        ("inventory_atp", "atp", 6),
    ),
    "open of a purchase is the rest": Case(
        "purchase_order_line.open_is_the_rest",
        {"purchase_order_line": [{"ordered_qty": 5, "received_qty": 6, "open_qty": 0}]},
        ("purchase_order_line", "received_qty", 3),
    ),
    "short is the rest": Case(
        "fulfilment_order_line.short_is_the_rest",
        {
            "fulfilment_order": [{"fo_uid": "f", "status": "incomplete"}],
            "fulfilment_order_line": [{"fo_uid": "f", "qty": 5, "shipped_qty": 3, "short_qty": 2}],
        },
        ("fulfilment_order_line", "short_qty", 0),
    ),
    "a lane is observed from thirty on": Case(
        "lane_transit.observed_by_thirty",
        {"lane_transit": [{"basis": "observed", "n_obs": 30, "p95_h": 40}]},
        ("lane_transit", "n_obs", 29),
    ),
    "goods that are picked leave": Case(
        "inventory_movement.sign_follows_type",
        {"inventory_movement": [{"type": "pick", "qty": -1}, {"type": "adjust", "qty": 1}]},
        ("inventory_movement", "qty", 1),
    ),
}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("SET TimeZone = 'UTC'; ATTACH ':memory:' AS lake; USE lake")
        opened.execute("CREATE SCHEMA canonical")
        for contract in contracts.read_all("canonical"):
            columns = ", ".join(
                f"{c.name} {c.physical_type} DEFAULT {FILLED.get(c.physical_type, '1')}"
                for c in contract.table(contract.name).columns
            )
            opened.execute(f"CREATE TABLE canonical.{contract.name} ({columns})")
        yield opened


def _insert(con: duckdb.DuckDBPyConnection, table: str, row: Row) -> None:
    marks = ", ".join("?" for _ in row)
    con.execute(
        f"INSERT INTO canonical.{table} ({', '.join(row)}) VALUES ({marks})", list(row.values())
    )


def _verdict(con: duckdb.DuckDBPyConnection, case: Case) -> Any:
    """Judge the entity whose contract has the rule."""
    owner = case.change[0] if case.rule == "idempotency_key.unique" else case.rule.split(".")[0]
    found = contracts.judge(con, [contracts.read(f"canonical/{owner}")], now=NOW)
    return next(verdict for verdict in found if verdict.rule == case.rule)


@pytest.mark.parametrize("case", INVARIANTS.values(), ids=INVARIANTS.keys())
def test_rows_that_keep_an_invariant_pass_and_a_change_that_breaks_it_is_caught(
    con: duckdb.DuckDBPyConnection, case: Case
) -> None:
    for table, rows in case.rows.items():
        for row in rows:
            _insert(con, table, row)
    assert _verdict(con, case).status == "passed"
    table, column, value = case.change
    con.execute(f"UPDATE canonical.{table} SET {column} = ? WHERE rowid = 0", [value])
    broken = _verdict(con, case)
    assert (broken.status, bool(broken.failing)) == ("failed", True)


def test_every_entity_has_one_row_a_key() -> None:
    for contract in contracts.read_all("canonical"):
        rules = {rule.kind for rule in contract.table(contract.name).rules}
        assert "primary_key" in rules, contract.name
