"""A file as records of streams: its documents, its interchanges, and what is wrong in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from connectors.x12 import freight, warehouse
from connectors.x12.client import Arrival
from connectors.x12.elements import instant, integer
from connectors.x12.envelope import File, Interchange, TransactionSet, read
from connectors.x12.reader import Notice, Segment
from connectors.x12.sets import ABSENT, Body, Found
from connectors.x12.ship_notice import ship_notice_856
from contracts import Table

INTERCHANGES, WARNINGS = "interchanges", "warnings"
SETS: dict[str, Callable[[Body], Iterator[Found]]] = {
    make.__name__: make
    for make in (
        warehouse.inventory_846,
        warehouse.order_850,
        ship_notice_856,
        warehouse.shipping_order_940,
        warehouse.transfer_shipment_943,
        warehouse.transfer_receipt_944,
        warehouse.shipping_advice_945,
        warehouse.adjustment_947,
        freight.load_tender_204,
        freight.freight_invoice_210,
        freight.shipment_status_214,
        freight.acknowledgment_997,
    )
}
"""By stream, what makes its records; a stream's name ends in the code of its set."""

Row = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a notice stands in the envelopes."""

    interchange: Interchange | None = None
    set: TransactionSet | None = None


class Documents:
    """Makes the records of a file as the tables of a contract want them."""

    def __init__(self, tables: Mapping[str, Table], zone: ZoneInfo) -> None:
        self.tables = tables
        self.zone = zone
        self.stream_of = {name.rpartition("_")[2]: name for name in SETS if name in tables}

    def rows(self, arrival: Arrival) -> Iterator[Row]:
        """Yield a stream and a record for all that is in a file, and for all that is wrong."""
        file = read(arrival.data)
        shared = {"file_sha256": arrival.sha256, "file_name": arrival.name}
        counts: Counter[int] = Counter()
        found: list[tuple[Notice, _Place]] = [
            (notice, _place(file, notice)) for notice in file.notices
        ]
        for each in file.sets:
            notices: list[Notice] = []
            for stream, record in self._records(each, shared, notices):
                counts[each.interchange.index] += 1
                yield stream, record
            found += [(notice, _Place(each.interchange, each)) for notice in notices]
        for interchange in file.interchanges:
            yield from self._interchange(interchange, shared, counts[interchange.index])
        found.sort(key=lambda pair: pair[0].offset)
        for index, (notice, place) in enumerate(found, start=1):
            yield from self._row(WARNINGS, shared | _warning(index, notice, place))

    def _records(
        self, found: TransactionSet, shared: dict[str, Any], notices: list[Notice]
    ) -> Iterator[Row]:
        header = found.header
        stream = self.stream_of.get(found.code)
        if stream is None:
            known = ", ".join(sorted(self.stream_of))
            code = found.code if found.code.isalnum() and len(found.code) <= 6 else "?"
            said = f"transaction set {code} is not among {known}; it gives no record"
            notices.append(Notice("unsupported_set", said, header, header.offset))
            return
        isa, gs = found.interchange.header, found.group or ABSENT
        sent_at = instant(gs[4], gs[5], self.zone)
        if gs is not ABSENT and not (sent_at and sent_at.endswith("+00:00")):
            said = "GS04 and GS05 are not one certain date and time, so sent_at is null"
            notices.append(Notice("group_time", said, gs, gs.offset))
            sent_at = None
        shared = shared | {
            "set_index": found.index,
            "interchange_no": isa[13],
            "group_no": gs[6] or "",
            "set_no": header[2] or "",
            "sender_id": _trimmed(isa[6]),
            "receiver_id": _trimmed(isa[8]),
            "sent_at": sent_at,
        }
        body = Body(found.body, found.interchange.component, self.zone)
        required = [column.name for column in self.tables[stream].columns if column.required]
        line_index = 0
        for line_index, (segment, record) in enumerate(SETS[stream](body), start=1):
            row = shared | record | {"line_index": line_index}
            missing = [name for name in required if row.get(name) is None]
            if missing:
                said = f"a record of {stream} lacks {', '.join(missing)}"
                notices.append(Notice("missing_element", said, segment, segment.offset))
            yield from self._row(stream, row)
        if not line_index:
            said = f"set {found.code} has no line, so it gives no record"
            notices.append(Notice("empty_set", said, header, header.offset))

    def _interchange(
        self, found: Interchange, shared: dict[str, Any], records: int
    ) -> Iterator[Row]:
        isa = found.header
        sent_at = instant(isa[9], isa[10], self.zone)
        yield from self._row(
            INTERCHANGES,
            shared
            | {
                "interchange_index": found.index,
                "interchange_no": isa[13],
                "sender_qualifier": isa[5],
                "sender_id": _trimmed(isa[6]),
                "receiver_qualifier": isa[7],
                "receiver_id": _trimmed(isa[8]),
                "sent_at": sent_at if sent_at and sent_at.endswith("+00:00") else None,
                "version": isa[12],
                "usage_code": isa[15],
                "groups_claimed": integer(found.groups_claimed),
                "group_count": found.groups,
                "set_count": found.sets,
                "segment_count": found.segments,
                "record_count": records,
                "byte_offset": found.offset,
                "byte_count": found.size,
            },
        )

    def _row(self, stream: str, record: dict[str, Any]) -> Iterator[Row]:
        if stream in self.tables:
            columns = (column.name for column in self.tables[stream].columns)
            yield stream, {name: record.get(name) for name in columns}


def _warning(index: int, notice: Notice, place: _Place) -> dict[str, Any]:
    header = place.set.header if place.set else ABSENT
    segment = notice.segment
    return {
        "warning_index": index,
        "interchange_no": place.interchange.header[13] if place.interchange else None,
        "set_index": place.set.index if place.set else None,
        "set_code": header[1],
        "set_no": header[2],
        "segment_no": segment.number if segment else None,
        "segment_tag": segment.tag if segment else None,
        "byte_offset": notice.offset,
        "code": notice.code,
        "message": notice.message,
    }


def _place(file: File, notice: Notice) -> _Place:
    """Find the envelopes around a byte of the file."""
    around = [each for each in file.interchanges if each.offset <= notice.offset]
    if not around:
        return _Place()
    inside = [
        each
        for each in file.sets
        if each.interchange is around[-1] and _spans(each, notice.offset, notice.segment)
    ]
    return _Place(around[-1], inside[0] if inside else None)


def _spans(found: TransactionSet, offset: int, segment: Segment | None) -> bool:
    number = segment.number if segment else None
    last = found.body[-1] if found.body else found.header
    ends_it = number == last.number + 1 and segment is not None and segment.tag == "SE"
    return found.header.offset <= offset <= last.offset or ends_it


def _trimmed(text: str | None) -> str | None:
    return (text or "").strip() or None
