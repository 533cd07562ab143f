"""Transaction sets between a shipper and its carriers, and the acknowledgment of any set."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.x12.elements import (
    before,
    day,
    first,
    grams,
    hundredths,
    instant,
    integer,
    loops,
    party,
    real,
    references,
    value,
)
from connectors.x12.reader import Segment
from connectors.x12.sets import ABSENT, Body, Found

_NOT_BEFORE = ("37", "53", "69")
_NOT_AFTER = ("38", "54", "70")


def load_tender_204(body: Body) -> Iterator[Found]:
    """Give a record for each stop of a load."""
    head = before(body.segments, "S5")
    b2 = first(head, "B2") or ABSENT
    shared = {
        "carrier_scac": b2[2],
        "load_no": b2[4],
        "payment_code": b2[6],
        "purpose_code": value(head, "B2A", 1),
    }
    for s5, stop in loops(body.segments, "S5"):
        place = party(stop, "SH", "CN", "SF", "ST")
        weight = first(stop, "AT8")
        yield (
            s5,
            shared
            | {
                "stop_no": integer(s5[1]),
                "reason_code": s5[2],
                "not_before_at": _moment(stop, _NOT_BEFORE, body),
                "not_after_at": _moment(stop, _NOT_AFTER, body),
                "party_role": place.role,
                "party_id": place.id,
                "party_name": place.name,
                "city": place.city,
                "region": place.region,
                "postal": place.postal,
                "country": place.country,
                "weight_g": grams(weight[3], weight[2]) if weight else None,
                "reference_nos": references(stop, "L11", name=2, number=1),
            },
        )


def freight_invoice_210(body: Body) -> Iterator[Found]:
    """Give a record for each charge of a freight bill; one without charge where none is listed."""
    b3 = first(body.segments, "B3") or ABSENT
    shared = {
        "invoice_no": b3[2],
        "shipment_no": b3[3],
        "payment_code": b3[4],
        "billed_date": day(b3[6]),
        "net_amount": hundredths(b3[7]),
        "delivered_date": day(b3[9]),
        "carrier_scac": b3[11],
        "total_charge": hundredths(value(body.segments, "L3", 5)),
    }
    is_empty = True
    for lx, line in loops(body.segments, "LX"):
        for l1 in (segment for segment in line if segment.tag == "L1"):
            is_empty = False
            yield (
                l1,
                shared
                | {
                    "line_no": integer(lx[1]),
                    "rate": real(l1[2]),
                    "rate_basis": l1[3],
                    "charge": hundredths(l1[4]),
                    "charge_code": l1[8],
                    "description": value(line, "L5", 2),
                },
            )
    if is_empty:
        yield b3, shared


def shipment_status_214(body: Body) -> Iterator[Found]:
    """Give a record for each status of a shipment."""
    head = before(body.segments, "LX")
    b10 = first(head, "B10") or ABSENT
    shared = {"pro_no": b10[1], "shipment_no": b10[2], "carrier_scac": b10[3]}
    # Older versions have the status without an LX loop around it.
    for lx, loop in [*loops(body.segments, "LX")] or [(ABSENT, body.segments)]:
        for at7, status in loops(loop, "AT7"):
            place = first(status, "MS1")
            yield (
                at7,
                shared
                | {
                    "line_no": integer(lx[1]),
                    "status_code": at7[1],
                    "reason_code": at7[2],
                    "appointment_code": at7[3],
                    "appointment_reason_code": at7[4],
                    "event_at": instant(at7[5], at7[6], body.zone, at7[7]),
                    "city": place[1] if place else None,
                    "region": place[2] if place else None,
                    "country": place[3] if place else None,
                    "equipment_no": value(status, "MS2", 2),
                    "reference_nos": references(status, "L11", name=2, number=1),
                },
            )


def acknowledgment_997(body: Body) -> Iterator[Found]:
    """Give a record for each set acknowledged; one for the group where no set is named."""
    ak1 = first(body.segments, "AK1") or ABSENT
    ak9 = first(body.segments, "AK9") or ABSENT
    shared = {
        "group_code": ak1[1],
        "acknowledged_group_no": ak1[2],
        "group_status_code": ak9[1],
        "sets_included": integer(ak9[2]),
        "sets_received": integer(ak9[3]),
        "sets_accepted": integer(ak9[4]),
    }
    is_empty = True
    for ak2, answer in loops(body.segments, "AK2"):
        is_empty = False
        ak5 = first(answer, "AK5") or ABSENT
        yield (
            ak2,
            shared
            | {
                "acknowledged_set_code": ak2[1],
                "acknowledged_set_no": ak2[2],
                "status_code": ak5[1],
                "error_codes": [code for code in (ak5[place] for place in range(2, 7)) if code],
                "segment_errors": [
                    {"segment": each[1], "position": each[2], "error": each[4]}
                    for each in answer
                    if each.tag == "AK3"
                ],
            },
        )
    if is_empty:
        yield ak1, shared


def _moment(segments: list[Segment], qualifiers: tuple[str, ...], body: Body) -> str | None:
    for each in segments:
        if each.tag == "G62" and each[1] in qualifiers:
            return instant(each[2], each[4], body.zone, each[5])
    return None
