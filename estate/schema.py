"""The tables of the ERP, the WMS and the shop, and `net`, the network's own true state.

`net` exists in truth.sqlite alone; the others exist twice: in the databases that are pulled,
where faults may bend them, and in truth.sqlite, from which `clear` restores them.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Column, Date, DateTime, MetaData, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import UserDefinedType


class Exact(UserDefinedType[Decimal]):
    """A NUMERIC column that never passes through a float; SQLAlchemy's own does on SQLite."""

    cache_ok = True

    def __init__(self, precision: int = 18, scale: int = 6) -> None:
        self.precision, self.scale = precision, scale

    def get_col_spec(self, **_: object) -> str:
        return f"NUMERIC({self.precision}, {self.scale})"

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        if dialect.name != "sqlite":
            return None
        return lambda value: None if value is None else str(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        unit = Decimal(1).scaleb(-self.scale)

        def exact(value: Any) -> Decimal | None:
            return None if value is None else Decimal(str(value)).quantize(unit)

        return exact


QTY, MONEY, INT, TEXT, AT, DAY = Exact(), Exact(18, 4), BigInteger, Text, DateTime, Date


def _table(metadata: MetaData, line: str, **columns: Any) -> None:
    """Declare `name key...`; a column is (type) where it may be null, else the type itself."""
    name, *keys = line.split()
    parts: list[Column[Any]] = []
    for column, kind in columns.items():
        optional = isinstance(kind, tuple)
        parts.append(
            Column(
                column,
                kind[0] if optional else kind,
                primary_key=column in keys,
                autoincrement=False,
                nullable=optional,
                index=column == "updated_at",
            )
        )
    Table(name, metadata, *parts)


def _erp() -> MetaData:
    m = MetaData()
    size = dict.fromkeys(("length_mm", "width_mm", "height_mm"), (INT,))
    _table(
        m, "products sku", sku=TEXT, name=TEXT, category=(TEXT,), base_uom=TEXT, lifecycle=TEXT,
        gtin13=TEXT, unit_cost=MONEY, currency=TEXT, hazmat_class=(TEXT,), **size,
        net_weight_g=(INT,), updated_at=AT,
    )  # fmt: skip
    _table(
        m, "product_packs sku pack_level", sku=TEXT, pack_level=TEXT, gtin14=TEXT, qty_num=INT,
        qty_den=INT, **size, gross_g=(INT,), updated_at=AT,
    )  # fmt: skip
    _table(
        m, "warehouses code", code=TEXT, name=TEXT, type=TEXT, gln13=TEXT, tz=TEXT, country=TEXT,
        postal=TEXT, lat=(Exact(9, 6),), lon=(Exact(9, 6),), ops_status=TEXT, updated_at=AT,
    )  # fmt: skip
    _table(
        m, "partners partner_id", partner_id=TEXT, role=TEXT, name=TEXT, email=(TEXT,),
        phone=(TEXT,), street=(TEXT,), city=(TEXT,), postal=(TEXT,), country=TEXT, updated_at=AT,
    )  # fmt: skip
    _table(
        m, "sales_orders order_no", order_no=TEXT, channel=TEXT, partner_id=TEXT, placed_at=AT,
        promised_by=AT, priority=INT, currency=TEXT, total=MONEY, status=TEXT, ship_country=TEXT,
        ship_postal=TEXT, updated_at=AT,
    )  # fmt: skip
    _table(
        m, "sales_order_lines order_no line_no", order_no=TEXT, line_no=INT, sku=TEXT,
        ordered_qty=QTY, ordered_uom=TEXT, cancelled_qty=QTY, unit_price=MONEY, status=TEXT,
        updated_at=AT,
    )  # fmt: skip
    _table(
        m, "purchase_orders po_no", po_no=TEXT, supplier_id=TEXT, warehouse_code=TEXT, status=TEXT,
        ordered_at=AT, expected_at=AT, updated_at=AT,
    )  # fmt: skip
    _table(
        m, "purchase_order_lines po_no line_no", po_no=TEXT, line_no=INT, sku=TEXT,
        ordered_qty=QTY, ordered_uom=TEXT, unit_cost=MONEY, received_qty=QTY, updated_at=AT,
    )  # fmt: skip
    _table(
        m, "stock warehouse_code sku", warehouse_code=TEXT, sku=TEXT, on_hand_qty=QTY,
        safety_qty=QTY, updated_at=AT,
    )  # fmt: skip
    _table(
        m, "stock_postings posting_id", posting_id=INT, posted_at=AT, warehouse_code=TEXT,
        sku=TEXT, qty=QTY, doc_type=(TEXT,), doc_no=(TEXT,),
    )  # fmt: skip
    _table(
        m, "freight_rates carrier service orig_zone dest_zone break_g valid_from", carrier=TEXT,
        service=TEXT, orig_zone=TEXT, dest_zone=TEXT, break_g=INT, valid_from=DAY, base=MONEY,
        per_kg=MONEY, fuel_pct=Exact(9, 4), transit_days=INT, currency=TEXT, updated_at=AT,
    )  # fmt: skip
    return m


def _wms() -> MetaData:
    m = MetaData()
    size = dict.fromkeys(("length_mm", "width_mm", "height_mm"), (INT,))
    _table(
        m, "facilities facility_code", facility_code=TEXT, name=TEXT, ops_status=TEXT, updated_at=AT
    )
    _table(
        m, "items item_id", item_id=INT, gtin14=(TEXT,), description=(TEXT,), **size,
        gross_g=(INT,), updated_at=AT,
    )  # fmt: skip
    _table(
        m, "bins bin_id", bin_id=TEXT, facility_code=TEXT, zone=TEXT, aisle=TEXT, bay=TEXT,
        level=TEXT, bin_type=TEXT, updated_at=AT,
    )  # fmt: skip
    _table(
        m, "lots item_id lot_code", item_id=INT, lot_code=TEXT, mfg_date=(DAY,), expiry_date=(DAY,),
        status=TEXT, updated_at=AT,
    )  # fmt: skip
    _table(
        m, "stock bin_id item_id lot_code", bin_id=TEXT, item_id=INT, lot_code=TEXT,
        facility_code=TEXT, qty=QTY, disposition=TEXT, updated_at=AT,
    )  # fmt: skip
    _table(
        m, "movements movement_id", movement_id=INT, occurred_at=AT, facility_code=TEXT,
        bin_id=TEXT, item_id=INT, lot_code=TEXT, qty=QTY, movement_type=TEXT, doc_type=(TEXT,),
        doc_no=(TEXT,),
    )  # fmt: skip
    _table(
        m, "picks pick_id", pick_id=INT, shipment_no=TEXT, order_line_no=INT, bin_id=TEXT,
        item_id=INT, lot_code=TEXT, qty=QTY, picked_at=AT,
    )  # fmt: skip
    _table(
        m, "shipments shipment_no", shipment_no=TEXT, order_no=TEXT, facility_code=TEXT,
        carrier=TEXT, service=TEXT, status=TEXT, released_at=AT, shipped_at=(AT,), updated_at=AT,
    )  # fmt: skip
    _table(
        m, "shipment_lines shipment_no order_line_no", shipment_no=TEXT, order_line_no=INT,
        item_id=INT, qty_ordered=QTY, qty_shipped=QTY, updated_at=AT,
    )  # fmt: skip
    _table(
        m, "packages sscc18", sscc18=TEXT, shipment_no=TEXT, carrier=TEXT, tracking_no=TEXT, **size,
        weight_g=INT, updated_at=AT,
    )  # fmt: skip
    _table(
        m, "package_items sscc18 order_line_no", sscc18=TEXT, order_line_no=INT, item_id=INT,
        qty=QTY, updated_at=AT,
    )  # fmt: skip
    return m


def _shop() -> MetaData:
    m = MetaData()
    _table(
        m, "listings listing_id", listing_id=INT, sku=TEXT, barcode=(TEXT,), title=TEXT,
        status=TEXT, updated_at=AT,
    )  # fmt: skip
    _table(
        m, "inventory_levels listing_id location_code", listing_id=INT, location_code=TEXT,
        available=QTY, updated_at=AT,
    )  # fmt: skip
    return m


def _net() -> MetaData:
    m = MetaData()
    _table(m, "meta name", name=TEXT, value=TEXT)
    _table(
        m, "lines order_no line_no", order_no=TEXT, line_no=INT, sku=TEXT, factor=INT, ordered=INT,
        cancelled=INT, allocated=INT, shipped=INT, placed_at=AT, is_closed=INT,
    )  # fmt: skip
    _table(
        m, "shipments shipment_no", shipment_no=TEXT, order_no=TEXT, node=TEXT, carrier=TEXT,
        service=TEXT, status=TEXT, released_at=AT, shipped_at=(AT,),
    )  # fmt: skip
    _table(
        m, "shipment_lines shipment_no line_no", shipment_no=TEXT, line_no=INT, order_no=TEXT,
        sku=TEXT, ordered=INT, shipped=INT, is_closed=INT,
    )  # fmt: skip
    _table(
        m, "parcels seq", seq=INT, sscc18=TEXT, shipment_no=TEXT, node=TEXT, carrier=TEXT,
        service=TEXT, tracking_no=TEXT, length_mm=INT, width_mm=INT, height_mm=INT, weight_g=INT,
        cost=MONEY, transit_days=INT, ship_postal=TEXT, created_at=AT,
    )  # fmt: skip
    _table(m, "parcel_items sscc18 line_no", sscc18=TEXT, line_no=INT, sku=TEXT, qty=INT)
    _table(
        m, "scans tracking_no seq", tracking_no=TEXT, seq=INT, known_at=AT, event_at=AT,
        status=TEXT, message=TEXT, city=(TEXT,), state=(TEXT,), zip=(TEXT,),
    )  # fmt: skip
    _table(
        m, "stock node bin sku lot_code", node=TEXT, bin=TEXT, sku=TEXT, lot_code=TEXT,
        disposition=TEXT, qty=INT, expiry_date=(DAY,),
    )  # fmt: skip
    _table(
        m, "inbound po_no line_no", po_no=TEXT, line_no=INT, node=TEXT, supplier_id=TEXT, sku=TEXT,
        factor=INT, ordered=INT, received=INT, arrives=DAY, is_closed=INT,
    )  # fmt: skip
    _table(
        m, "changes date node sku doc_type doc_no", date=DAY, node=TEXT, sku=TEXT, doc_type=TEXT,
        doc_no=TEXT, qty=INT, is_posted=INT,
    )  # fmt: skip
    _table(
        m, "discrepancies node sku", node=TEXT, sku=TEXT, fault=(TEXT,), system=TEXT, kind=TEXT,
        qty=INT, is_closed=INT,
    )  # fmt: skip
    _table(
        m, "requests channel key", channel=TEXT, key=TEXT, verb=TEXT, order_no=TEXT,
        shipment_no=TEXT, node=TEXT, status=TEXT, reason=(TEXT,), detail=(TEXT,), settled_at=AT,
    )  # fmt: skip
    _table(
        m, "releases shipment_no", shipment_no=TEXT, asked_by=TEXT, channel=(TEXT,), key=(TEXT,),
        sent_at=(AT,),
    )  # fmt: skip
    return m


SYSTEMS: Mapping[str, MetaData] = {"erp": _erp(), "wms": _wms(), "shop": _shop()}


def _truth() -> dict[str, Table]:
    metadata = MetaData()
    tables = {}
    for system, source in {**SYSTEMS, "net": _net()}.items():
        for table in source.tables.values():
            tables[f"{system}.{table.name}"] = table.to_metadata(
                metadata, name=f"{system}_{table.name}"
            )
    return tables


TRUTH: Mapping[str, Table] = _truth()
"""Every table of truth.sqlite by its `system.table` name."""
