"""The hub's 940s as requests: what a warehouse's X12 reader makes of a file, whatever is in it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from estate.freight import SERVICES
from estate.geography import THREEPL
from estate.request import X12, AskedLine, Request

Segment = list[str]
LARGEST_FILE = 64 * 1024 * 1024
ISA_LENGTH = 106
"""Characters of an ISA with its terminator: its elements are as wide as they ever are."""
VERBS = {"N": "release_shipment", "F": "cancel_shipment"}
_NUMBER = re.compile(r"[A-Za-z0-9._-]{1,30}")
_UNITS = re.compile(r"[1-9][0-9]{0,8}(\.0*)?")


class UnreadableError(Exception):
    """A file, or the rest of one, that is not X12."""


def read_orders(file_key: str, name: str, content: bytes) -> Iterator[Request]:
    """A request for each transaction set, flawed where it asks for nothing that can be made out.

    The keys are `file_key` with a set's running number. A file that is not X12, or only up to a
    place, gives a flawed request with neither verb nor shipment for that. Never raises.
    """
    number = 0
    try:
        for sent_at, body in _sets(content):
            number += 1
            yield _request(f"{file_key}-{number}", sent_at, body)
    except UnreadableError as problem:
        detail = f"{name}: {problem}"
        yield Request(X12, f"{file_key}-{number + 1}", "", "", flaw=("unreadable", detail))


def _sets(content: bytes) -> Iterator[tuple[datetime | None, list[Segment]]]:
    """Each ST to SE with the time of its group; a set that does not end has no SE."""
    sent_at: datetime | None = None
    body: list[Segment] = []
    for segment in _segments(content):
        match segment[0]:
            case "GS":
                sent_at = _time(_at(segment, 4) + _at(segment, 5))
            case "ISA" | "GE" | "IEA":
                if body:
                    yield sent_at, body
                body = []
            case "ST":
                if body:
                    yield sent_at, body
                body = [segment]
            case "SE":
                if body:
                    yield sent_at, [*body, segment]
                body = []
            case _:
                if body:
                    body.append(segment)
    if body:
        yield sent_at, body


def _segments(content: bytes) -> Iterator[Segment]:
    """Segments over all interchanges, each with the separators of its own envelope."""
    if len(content) > LARGEST_FILE:
        raise UnreadableError(f"it has more than {LARGEST_FILE} bytes.")
    text = content.decode("utf-8-sig", errors="replace").strip()
    if not text:
        raise UnreadableError("it is empty.")
    while text:
        if not text.startswith("ISA") or len(text) < ISA_LENGTH:
            raise UnreadableError(f"an interchange begins with {text[:10]!r}, not with an ISA.")
        element, end = text[3], text[ISA_LENGTH - 1]
        if element.isalnum() or end.isalnum() or element == end or text[:105].count(element) != 16:
            raise UnreadableError("an ISA does not tell its separators.")
        e, t = re.escape(element), re.escape(end)
        stop = re.search(f"{t}\\s*IEA{e}[^{t}]*", text)
        part, text = (text[: stop.end()], text[stop.end() :]) if stop else (text, "")
        for segment in part.split(end):
            if segment.strip():
                yield [value.strip() for value in segment.strip().split(element)]
        text = text.lstrip(end + " \r\n\t\ufeff")


def _request(key: str, sent_at: datetime | None, body: list[Segment]) -> Request:
    start = next((n for n, segment in enumerate(body) if segment[0] == "LX"), len(body))
    head = body[:start]
    w05, w66 = _first(head, "W05"), _first(head, "W66")
    shipment_no = _at(_first(head, "N9", "SI"), 2)
    scac, service = _at(w66, 10), _at(w66, 5)
    request = Request(
        X12,
        key,
        VERBS.get(_at(w05, 1), ""),
        shipment_no if _NUMBER.fullmatch(shipment_no) else "",
        _at(w05, 2),
        _at(_first(head, "N1", "WH"), 4) or THREEPL.code,
        next((s.carrier for s in SERVICES if s.scac == scac), scac),
        service,
        tuple(_lines(body[start:])),
        sent_at,
    )
    return replace(request, flaw=_flaw(request, body))


def _lines(segments: list[Segment]) -> Iterator[AskedLine]:
    """A line for each W01; what cannot be read of it is 0 or empty."""
    for place, segment in enumerate(segments):
        if segment[0] != "W01":
            continue
        rest = segments[place + 1 :]
        stop = next((n for n, s in enumerate(rest) if s[0] in {"LX", "W01"}), len(rest))
        line_no = _at(_first(rest[:stop], "N9", "LI"), 2)
        units = _at(segment, 1) if _at(segment, 2) == "EA" else ""
        sku = next((_at(segment, n + 1) for n in range(4, 16, 2) if _at(segment, n) == "VN"), "")
        yield AskedLine(
            int(line_no) if re.fullmatch("[0-9]{1,4}", line_no) else 0,
            sku,
            int(units.partition(".")[0]) if _UNITS.fullmatch(units) else 0,
        )


def _flaw(request: Request, body: list[Segment]) -> tuple[str, str] | None:
    kind = _at(body[0], 1)
    numbers = [line.line_no for line in request.lines]
    if body[-1][0] != "SE":
        return "incomplete", "The set has no SE."
    if kind != "940":
        return "not_a_940", f"The set is a {kind[:10]}."
    if not request.shipment_no or not request.order_no:
        return "malformed", "W05 names the order, N9*SI the shipment: letters, digits and . _ -"
    if not request.verb:
        return "unknown_code", "W05 begins with N for a new order or F for a cancelled one."
    if not request.is_release:
        return None
    if not numbers or len(set(numbers)) < len(numbers):
        return "malformed", "Each line of the order stands there once, at least one of them."
    if not all(line.line_no and line.units for line in request.lines):
        return "malformed", "A line has W01 with whole EA, and N9*LI with the order line's number."
    return None


def _first(segments: list[Segment], tag: str, qualifier: str | None = None) -> Segment:
    found = (s for s in segments if s[0] == tag and qualifier in (None, _at(s, 1)))
    return next(found, [])


def _at(segment: Segment, place: int) -> str:
    # Nothing that we look at is longer, whatever somebody has put there.
    return segment[place][:80] if len(segment) > place else ""


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text[:12], "%Y%m%d%H%M")  # noqa: DTZ007 - naive UTC, as inside
    except ValueError:
        return None
