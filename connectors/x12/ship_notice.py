"""856 Ship Notice/Manifest: a tree of HL loops, as a record for each item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.x12.elements import (
    GTIN,
    SKU,
    before,
    day,
    first,
    identity,
    instant,
    loops,
    party,
    product_ids,
    real,
    sscc,
    value,
)
from connectors.x12.reader import Segment
from connectors.x12.sets import ABSENT, Body, Found

_PACKS = ("P", "T")  # carton, pallet
_LEVELS = "SOTPI"


@dataclass(slots=True)
class _Level:
    head: Segment
    segments: list[Segment]
    parent: _Level | None = None
    children: list[_Level] = field(default_factory=list)

    @property
    def code(self) -> str:
        return self.head[3] or ""

    def above(self, *codes: str) -> list[Segment]:
        """The segments of the nearest level above with one of these codes; none when none is."""
        level = self.parent
        while level and level.code not in codes:
            level = level.parent
        return level.segments if level else []


def ship_notice_856(body: Body) -> Iterator[Found]:
    """Give a record for each item, with its pack, order and shipment."""
    head = before(body.segments, "HL")
    bsn = first(head, "BSN") or ABSENT
    for item in _tree(body.segments):
        lin = first(item.segments, "LIN")
        sn1 = first(item.segments, "SN1")
        if item.code != "I" or not lin or not sn1:
            continue
        shipment = item.above("S")
        ids = product_ids(lin, *range(2, 31, 2))
        yield (
            item.head,
            {
                "purpose_code": bsn[1],
                "shipment_no": bsn[2],
                "shipped_at": instant(bsn[3], bsn[4], body.zone),
                "eta_date": day(value(shipment, "DTM", 2, "017")),
                "ship_from_id": party(shipment, "SF").id,
                "ship_to_id": party(shipment, "ST").id or party(item.above("O"), "ST").id,
                "carrier_scac": _scac(shipment),
                "tracking_no": value(shipment, "REF", 2, "CN"),
                "po_no": value(item.above("O"), "PRF", 1),
                "sscc18": sscc(_mark(item)),
                "product_ids": ids,
                "sku": identity(ids, SKU),
                "gtin": identity(ids, GTIN),
                "lot_code": identity(ids, ["LT"]),
                "qty": real(sn1[2]),
                "uom": sn1[3],
            },
        )


def _tree(segments: list[Segment]) -> list[_Level]:
    """Link each HL loop with the one that HL02 names, else with the last one of a higher level."""
    levels: list[_Level] = []
    by_id: dict[str | None, _Level] = {}
    for head, loop in loops(segments, "HL"):
        level = _Level(head, loop)
        level.parent = by_id.get(head[2]) if head[2] else None
        if level.parent is None and level.code in _LEVELS:
            higher = _LEVELS[: _LEVELS.index(level.code)] if level.code else ""
            level.parent = next((each for each in reversed(levels) if each.code in higher), None)
        if level.parent:
            level.parent.children.append(level)
        by_id[head[1]] = level
        levels.append(level)
    return levels


def _scac(shipment: list[Segment]) -> str | None:
    """TD503 where TD502 says that it is a SCAC (2)."""
    return next((each[3] for each in shipment if each.tag == "TD5" and each[2] == "2"), None)


def _mark(item: _Level) -> str | None:
    """The container code of the pack around the item, or of the one pack below it."""
    mark = value(item.segments, "MAN", 2, "GM") or value(item.above(*_PACKS), "MAN", 2, "GM")
    packs = [each for each in item.children if each.code in _PACKS]
    return mark or (value(packs[0].segments, "MAN", 2, "GM") if len(packs) == 1 else None)
