"""Elements as values: exact, or handed on as sent where they are not what they should be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.clock import is_uncertain
from connectors.x12.reader import Segment

_REAL = re.compile(r"-?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_TIME = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})?([0-9]{1,2})?", re.ASCII)

# X12 element 623. LT, local time, and no code at all are the partner's zone.
_ZONES = {"UT": "UTC", "GM": "UTC", "ET": "America/New_York", "CT": "America/Chicago"}
_ZONES |= {"MT": "America/Denver", "PT": "America/Los_Angeles"}
_HOURS = {"ES": -5, "ED": -4, "CS": -6, "CD": -5, "MS": -7, "MD": -6, "PS": -8, "PD": -7}

# X12 elements 188 and 355, grams each, exact: https://www.nist.gov/pml/owm/metric-si/si-units
_GRAMS = {"G": "1", "GR": "1", "K": "1000", "KG": "1000", "E": "1000000"}
_GRAMS |= {"L": "453.59237", "LB": "453.59237", "O": "28.349523125", "OZ": "28.349523125"}

SKU = ("VN", "SK", "VC", "VP")
GTIN = ("UK", "UP", "EN", "UA", "UI")

Pairs = dict[str, str | list[str]]


def real(text: str | None) -> Decimal | str | None:
    """Read a decimal number (X12 type R)."""
    return Decimal(text) if text and _REAL.fullmatch(text) else text


def hundredths(text: str | None) -> Decimal | str | None:
    """Read a number with two implied decimals (X12 type N2); a point that was sent is honoured."""
    value = real(text)
    if isinstance(value, Decimal) and text and "." not in text:
        return value.scaleb(-2)
    return value


def integer(text: str | None) -> int | str | None:
    """Read a whole number (X12 type N0)."""
    return int(text) if text and _INTEGER.fullmatch(text) else text


def day(text: str | None) -> str | None:
    """Read CCYYMMDD, or YYMMDD of the years 1970 to 2069, as an ISO date."""
    found = _day(text)
    return found.isoformat() if found else text


def instant(
    day_text: str | None, time_text: str | None, zone: ZoneInfo, code: str | None = None
) -> str | None:
    """Read a date and a time (HHMM, HHMMSS, HHMMSSDD) as an instant in UTC.

    `code` is the time code sent with it. Without a time the instant is not known: None.
    """
    if not day_text or not time_text:
        return None
    as_sent = f"{day_text} {time_text}"
    found, clock = _day(day_text), _TIME.fullmatch(time_text)
    if not found or not clock:
        return as_sent
    hour, minute, second, fraction = (group or "0" for group in clock.groups())
    try:
        local = datetime.combine(found, time(int(hour), int(minute), int(second)))
        local += timedelta(milliseconds=int(fraction.ljust(2, "0")) * 10)
        if code in _HOURS:
            fixed = timezone(timedelta(hours=_HOURS[code]))
            return local.replace(tzinfo=fixed).astimezone(UTC).isoformat()
        if code and code != "LT" and code not in _ZONES:
            return as_sent
        place = ZoneInfo(_ZONES[code]) if code in _ZONES else zone
        if is_uncertain(local, place):
            return local.isoformat()
        return local.replace(tzinfo=place).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):  # no such hour, or the edge of the calendar
        return as_sent


def grams(weight: str | None, unit: str | None) -> int | str | None:
    """Convert a weight to whole grams; None where the unit is not named."""
    value, each = real(weight), _GRAMS.get(unit or "")
    if each is None:
        return None
    return int((value * Decimal(each)).to_integral_value()) if isinstance(value, Decimal) else value


def sscc(mark: str | None) -> str | None:
    """Take the application identifier 00 off a serial shipping container code."""
    return mark[2:] if mark and len(mark) == 20 and mark.startswith("00") else mark


def pairs(found: Iterable[tuple[str | None, str | None]]) -> Pairs:
    """Collect qualifiers and values; a qualifier that comes twice has a list of its values."""
    every: dict[str, list[str]] = {}
    for qualifier, item in found:
        if qualifier and item:
            every.setdefault(qualifier, []).append(item)
    return {key: items if len(items) > 1 else items[0] for key, items in every.items()}


def component(text: str | None, separator: str) -> str | None:
    """Give the first component of a composite element."""
    return text.split(separator)[0] or None if text and separator else text


def product_ids(segment: Segment, *starts: int) -> Pairs:
    """Collect the pairs of product qualifier and value that begin at these elements."""
    return pairs((segment[start], segment[start + 1]) for start in starts)


def references(segments: Iterable[Segment], tag: str, *, name: int, number: int) -> Pairs:
    """Collect reference numbers by their qualifier, like those of N9 or L11."""
    return pairs((each[name], each[number]) for each in segments if each.tag == tag)


def identity(ids: Pairs, qualifiers: Iterable[str]) -> str | None:
    """Give the first value of the first of these qualifiers that was sent."""
    for qualifier in qualifiers:
        if value := ids.get(qualifier):
            return value[0] if isinstance(value, list) else value
    return None


def first(segments: Iterable[Segment], tag: str, qualifier: str | None = None) -> Segment | None:
    """Find the first segment with this tag, and this first element when one is asked for."""
    for segment in segments:
        if segment.tag == tag and qualifier in (None, segment[1]):
            return segment
    return None


def value(
    segments: Iterable[Segment], tag: str, place: int, qualifier: str | None = None
) -> str | None:
    """Give an element of the first segment with this tag and first element."""
    found = first(segments, tag, qualifier)
    return found[place] if found else None


def loops(segments: Sequence[Segment], tag: str) -> Iterator[tuple[Segment, list[Segment]]]:
    """Cut segments at each one with this tag; gives that one and its loop, itself included."""
    loop: list[Segment] = []
    for segment in segments:
        if segment.tag == tag:
            if loop:
                yield loop[0], loop
            loop = [segment]
        elif loop:
            loop.append(segment)
    if loop:
        yield loop[0], loop


def before(segments: Sequence[Segment], tag: str) -> list[Segment]:
    """Give the segments before the first one with this tag."""
    for place, segment in enumerate(segments):
        if segment.tag == tag:
            return list(segments[:place])
    return list(segments)


@dataclass(frozen=True, slots=True)
class Party:
    """A party of a document (N1 loop)."""

    role: str | None = None
    id: str | None = None
    name: str | None = None
    city: str | None = None
    region: str | None = None
    postal: str | None = None
    country: str | None = None


def party(segments: Sequence[Segment], *roles: str) -> Party:
    """Find the party with the first of these roles (N101) that is there; an empty one else."""
    found: dict[str | None, Party] = {}
    for head, loop in loops(segments, "N1"):
        place = first(loop, "N4")
        where = [place[n] for n in (1, 2, 3, 4)] if place else [None] * 4
        found.setdefault(head[1], Party(head[1], head[4], head[2], *where))
    return next((found[role] for role in roles if role in found), Party())


def _day(text: str | None) -> date | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) not in (6, 8):
        return None
    if len(text) == 6:
        text = ("19" if text[:2] >= "70" else "20") + text
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
