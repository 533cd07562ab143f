"""Write an action as an X12 940, Warehouse Shipping Order, version 4010.

One interchange with one transaction set in one file, which is renamed into its place when it is
whole. Name and bytes derive from the action alone, so that sending it again changes nothing.
Segments as in the 3PL's guide: W05 01 is N for an order and F for taking it back, N9*SI the
shipment, N9*LI the order's line.
"""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from orchestration.acting.answers import Answer
from orchestration.acting.systems import X12

_ORDER = {"release_shipment": "N", "cancel_shipment": "F"}
_END, _SEPARATOR, _COMPONENT = "~\n", "*", ">"


def send(action: Mapping[str, Any], way: X12) -> Answer:
    """Lay an action into the partner's folder. What the set cannot say is refused."""
    try:
        content = compose(action, way)
    except ValueError as error:
        return Answer("refused", str(error))
    at: datetime = action["as_of"].astimezone(UTC)
    name = f"940_{at:%Y%m%d_%H%M}_XD{action['file_no']:09d}.edi"
    path = way.folder / name
    part = path.with_name(f"{name}.tmp")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        return Answer("again", f"the folder cannot be written ({error.strerror})")
    return Answer("accepted", reference=name)


def compose(action: Mapping[str, Any], way: X12) -> bytes:
    """Return the file's bytes.

    `action` is a row of the outbox with `as_of` (an instant) and `file_no` (from 1, its
    interchange control number). Raises ValueError, one code, for what cannot be written.
    """
    at: datetime = action["as_of"].astimezone(UTC)
    control = f"{action['file_no'] % 1_000_000_000:09d}"
    group = str(int(control))
    body = list(_set(action, way))
    segments = [
        ("ISA", "00", " " * 10, "00", " " * 10, "ZZ", f"{way.sender:<15}", "ZZ",
         f"{way.receiver:<15}", f"{at:%y%m%d}", f"{at:%H%M}", "U", "00401", control, "0", "P",
         _COMPONENT),
        ("GS", "OW", way.sender, way.receiver, f"{at:%Y%m%d}", f"{at:%H%M}", group, "X", "004010"),
        ("ST", "940", "0001"),
        *body,
        ("SE", str(len(body) + 2), "0001"),
        ("GE", "1", group),
        ("IEA", "1", control),
    ]  # fmt: skip
    lines = (_SEPARATOR.join(segment) for segment in segments)
    return "".join(f"{line}{_END}" for line in lines).encode("ascii")


def _set(action: Mapping[str, Any], way: X12) -> Iterator[tuple[str, ...]]:
    payload = json.loads(action["payload"])
    if action["verb"] not in _ORDER:
        raise ValueError(f"unknown_verb:{action['verb']}")
    scac = way.scac.get(payload["carrier"])
    if scac is None:
        raise ValueError("carrier_without_scac")
    node = _plain(payload["node_code"])
    yield "W05", _ORDER[action["verb"]], _plain(payload["order_no"])
    yield "N1", "WH", node, "92", node
    yield "N1", "ST", "SHIP TO", "92", _plain(payload["order_no"])
    yield "N9", "SI", _plain(payload["shipment_no"])
    yield "W66", "PP", "M", "", "", _plain(payload["service"]), "", "", "", "", _plain(scac)
    units = 0
    for place, line in enumerate(payload["lines"], start=1):
        if not line["qty"].isdigit():
            raise ValueError("quantity_not_whole")  # W0101 counts eaches
        yield "LX", str(place)
        yield "W01", line["qty"], "EA", "", "VN", _plain(line["sku"])
        yield "N9", "LI", str(line["line_no"])
        units += int(line["qty"])
    yield "W76", str(units)


def _plain(text: str) -> str:
    """Return text as X12's basic character set has it; refuse what would break the set."""
    if not text.isascii() or not text.isprintable() or set(text) & {"*", "~", ">"}:
        raise ValueError("not_writable")
    return text
