"""Transaction sets between a depositor, its suppliers and a warehouse, as records.

Which element each column is, its contract says (contracts/sources/threepl.odcs.yaml). A function
gives the segment that a record begins with, and the record.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from connectors.x12.elements import (
    GTIN,
    SKU,
    Pairs,
    before,
    component,
    day,
    first,
    grams,
    identity,
    instant,
    integer,
    loops,
    party,
    product_ids,
    real,
    sscc,
    value,
)
from connectors.x12.sets import ABSENT, Body, Found

_DAMAGED = "01"


def inventory_846(body: Body) -> Iterator[Found]:
    """Give a record for each quantity of each item."""
    head = before(body.segments, "LIN")
    bia = first(head, "BIA") or ABSENT
    shared = {
        "purpose_code": bia[1],
        "report_type": bia[2],
        "reference": bia[3],
        "report_at": instant(bia[4], bia[5], body.zone),
        "warehouse_id": party(head, "WH", "SF", "SU").id,
    }
    for lin, item in loops(body.segments, "LIN"):
        ids = product_ids(lin, *range(2, 31, 2))
        lot = identity(ids, ["LT"]) or value(item, "REF", 2, "LT")
        for quantity in (segment for segment in item if segment.tag == "QTY"):
            yield (
                quantity,
                shared
                | _product(ids)
                | {
                    "lot_code": lot,
                    "qty_qualifier": quantity[1],
                    "qty": real(quantity[2]),
                    "uom": component(quantity[3], body.component),
                },
            )


def order_850(body: Body) -> Iterator[Found]:
    """Give a record for each line ordered."""
    head = before(body.segments, "PO1")
    beg = first(head, "BEG") or ABSENT
    ship_to = party(head, "ST")
    shared = {
        "purpose_code": beg[1],
        "order_type": beg[2],
        "po_no": beg[3],
        "po_date": day(beg[5]),
        "currency": value(head, "CUR", 2),
        "buyer_id": party(head, "BY", "BT").id,
        "supplier_id": party(head, "SU", "VN").id,
        "ship_to_id": ship_to.id,
        "ship_to_name": ship_to.name,
        "ship_to_city": ship_to.city,
        "ship_to_region": ship_to.region,
        "ship_to_postal": ship_to.postal,
        "ship_to_country": ship_to.country,
    }
    due = value(head, "DTM", 2, "002")
    for line, loop in loops(body.segments, "PO1"):
        ids = product_ids(line, *range(6, 25, 2))
        yield (
            line,
            shared
            | _product(ids)
            | {
                "line_no": line[1],
                "buyer_sku": identity(ids, ("IN", "BP", "CB")),
                "qty": real(line[2]),
                "uom": line[3],
                "unit_price": real(line[4]),
                "price_basis": line[5],
                "deliver_by": day(value(loop, "DTM", 2, "002") or due),
                "description": value(loop, "PID", 5),
            },
        )


def shipping_order_940(body: Body) -> Iterator[Found]:
    """Give a record for each line to be shipped."""
    head = before(body.segments, "LX")
    w05 = first(head, "W05") or ABSENT
    w66 = first(head, "W66")
    ship_to = party(head, "ST")
    shared = {
        "reporting_code": w05[1],
        "order_no": w05[2],
        "po_no": w05[3],
        "ship_by": day(value(head, "G62", 2, "10")),
        "warehouse_id": party(head, "WH", "SF").id,
        "ship_to_id": ship_to.id,
        "ship_to_name": ship_to.name,
        "ship_to_city": ship_to.city,
        "ship_to_region": ship_to.region,
        "ship_to_postal": ship_to.postal,
        "ship_to_country": ship_to.country,
        "carrier_scac": w66[10] if w66 else None,
        "routing": w66[5] if w66 else None,
        "shipment_no": value(head, "N9", 2, "SI"),
    }
    for lx, line in loops(body.segments, "LX"):
        for w01, item in loops(line, "W01"):
            ids = product_ids(w01, 4, 6, 15)
            yield (
                w01,
                shared
                | _product(ids, w01[3])
                | {
                    "line_no": integer(lx[1]),
                    "order_line_no": integer(value(item, "N9", 2, "LI")),
                    "lot_code": identity(ids, ["LT"]) or value(item, "N9", 2, "LT"),
                    "qty": real(w01[1]),
                    "uom": w01[2],
                    "description": value(item, "G69", 1),
                },
            )


def transfer_shipment_943(body: Body) -> Iterator[Found]:
    """Give a record for each line on its way to the warehouse."""
    head = before(body.segments, "W04")
    w06 = first(head, "W06") or ABSENT
    shared = {
        "reporting_code": w06[1],
        "depositor_order_no": w06[2],
        "shipped_date": day(w06[3]),
        "shipment_no": w06[4],
        "po_no": w06[6],
        "eta_date": day(value(head, "G62", 2, "17")),
        "warehouse_id": party(head, "WH", "ST").id,
        "ship_from_id": party(head, "SF").id,
        "carrier_scac": value(head, "W27", 2),
    }
    for w04, item in loops(body.segments, "W04"):
        ids = product_ids(w04, 4, 6, 14)
        yield (
            w04,
            shared
            | _product(ids, w04[3])
            | {
                "lot_code": identity(ids, ["LT"]) or value(item, "N9", 2, "LT"),
                "qty": real(w04[1]),
                "uom": w04[2],
                "description": value(item, "G69", 1),
            },
        )


def transfer_receipt_944(body: Body) -> Iterator[Found]:
    """Give a record for each line received."""
    head = before(body.segments, "W07")
    w17 = first(head, "W17") or ABSENT
    shared = {
        "reporting_code": w17[1],
        "received_date": day(w17[2]),
        "receipt_no": w17[3],
        "depositor_order_no": w17[4],
        "shipment_no": w17[5],
        "warehouse_id": party(head, "WH", "SF").id,
    }
    for w07, item in loops(body.segments, "W07"):
        ids = product_ids(w07, 4, 6)
        damaged = [real(each[1]) for each in item if each.tag == "W13" and each[3] == _DAMAGED]
        unreadable = [each for each in damaged if not isinstance(each, Decimal)]
        total = sum((each for each in damaged if isinstance(each, Decimal)), Decimal())
        yield (
            w07,
            shared
            | _product(ids, w07[3])
            | {
                "lot_code": w07[8],
                "qty": real(w07[1]),
                "uom": w07[2],
                "damaged_qty": (unreadable[0] if unreadable else total) if damaged else None,
            },
        )


def shipping_advice_945(body: Body) -> Iterator[Found]:
    """Give a record for each line shipped."""
    head = before(body.segments, "LX")
    w06 = first(head, "W06") or ABSENT
    w27 = first(head, "W27")
    shipped = first(head, "G62", "11")
    at = instant(shipped[2], shipped[4], body.zone, shipped[5]) if shipped else None
    shared = {
        "reporting_code": w06[1],
        "order_no": w06[2],
        "shipped_date": day(w06[3]),
        "shipment_no": w06[4],
        "po_no": w06[6],
        "shipped_at": at,
        "warehouse_id": party(head, "WH", "SF").id,
        "carrier_scac": w27[2] if w27 else None,
        "routing": w27[3] if w27 else None,
    }
    for lx, loop in loops(body.segments, "LX"):
        parcel = before(loop, "W12")
        for w12, item in loops(loop, "W12"):
            ids = product_ids(w12, 7, 17, 21)

            # What stands behind an item is the item's; what stands before the first, the parcel's.
            own = [*item, *parcel]
            yield (
                w12,
                shared
                | _product(ids, w12[6])
                | {
                    "tracking_no": value(own, "N9", 2, "2I"),
                    "sscc18": sscc(value(own, "MAN", 2, "GM")),
                    "line_no": integer(lx[1]),
                    "order_line_no": integer(value(own, "N9", 2, "LI")),
                    "lot_code": w12[9],
                    "status_code": w12[1],
                    "qty_ordered": real(w12[2]),
                    "qty_shipped": real(w12[3]),
                    "uom": w12[5],
                    "weight_g": grams(w12[10], w12[12]),
                },
            )


def adjustment_947(body: Body) -> Iterator[Found]:
    """Give a record for each stock adjustment."""
    head = before(body.segments, "W19")
    w15 = first(head, "W15") or ABSENT
    shared = {
        "adjusted_date": day(w15[1]),
        "adjustment_no": w15[2],
        "depositor_adjustment_no": w15[3],
        "warehouse_id": party(head, "WH", "SF").id,
    }
    for w19, item in loops(body.segments, "W19"):
        ids = product_ids(w19, 5, 7, 17)
        yield (
            w19,
            shared
            | _product(ids, w19[4])
            | {
                "reason_code": w19[1],
                "lot_code": w19[9] or value(item, "N9", 2, "LT"),
                "qty": real(w19[2]),
                "uom": w19[3],
                "transaction_type": w19[16],
            },
        )


def _product(ids: Pairs, case_code: str | None = None) -> dict[str, Any]:
    return {
        "product_ids": ids,
        "sku": identity(ids, SKU),
        "gtin": case_code or identity(ids, GTIN),
    }
