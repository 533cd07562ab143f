"""Read dates and times exactly: no guessed zone, nothing finer than is stored, real calendars."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from warehouse.landing.reasons import HeldBackError
from warehouse.landing.shape import Column

T = TypeVar("T")

MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?"
    r" ?([Zz]|[+-]\d\d:?\d\d|[+-]\d\d)?",
    re.ASCII,
)
DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
CLOCK = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?", re.ASCII)


def day(value: Any, column: Column, zone: ZoneInfo | None) -> str:
    """Return a date as text; raise HeldBackError when it is none or not exact."""
    found = DAY.fullmatch(value)
    if not found:
        raise HeldBackError("bad_timestamp", "no date of the form YYYY-MM-DD")
    return _calendar(lambda: date(*map(int, found.groups()))).isoformat()


def clock(value: Any, column: Column, zone: ZoneInfo | None) -> str:
    """Return a time of day as text; raise HeldBackError when it is none or not exact."""
    found = CLOCK.fullmatch(value)
    if not found:
        raise HeldBackError("bad_timestamp", "no time of the form HH:MM:SS")
    hour, minute, second, fraction = found.groups()
    micros = _micros(fraction)
    return _calendar(lambda: time(int(hour), int(minute), int(second or 0), micros)).isoformat()


def naive(value: Any, column: Column, zone: ZoneInfo | None) -> str:
    """Return a date-time without an offset as text; raise HeldBackError when it is none."""
    moment, offset = _moment(value)
    if offset is not None:
        raise HeldBackError("bad_timestamp", "an offset where none is declared")
    return moment.isoformat(sep=" ")


def zoned(value: Any, column: Column, zone: ZoneInfo | None) -> str:
    """Return a moment in UTC as text; one without an offset takes `zone`, or HeldBackError."""
    moment, offset = _moment(value)
    if offset is not None:
        aware = moment.replace(tzinfo=offset)
    elif zone is None:
        raise HeldBackError("bad_timestamp", "no offset, and no naive_timezone is set")
    else:
        aware = _localise(moment, zone)
    try:
        return aware.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ") + "+00"
    except OverflowError:
        raise HeldBackError("out_of_range", "a moment outside the years 1 to 9999") from None


def _moment(value: str) -> tuple[datetime, timezone | None]:
    found = MOMENT.fullmatch(value)
    if not found:
        raise HeldBackError("bad_timestamp", "no date-time of RFC 3339")
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    micros = _micros(fraction)
    moment = _calendar(
        lambda: datetime(  # noqa: DTZ001 - the offset, if any, is put on by the caller
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), micros
        )
    )
    if offset is None:
        return moment, None
    if offset in "Zz":
        return moment, UTC
    digits = offset[1:].replace(":", "").ljust(4, "0")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return moment, _calendar(lambda: timezone(-shift if offset[0] == "-" else shift))


def _localise(moment: datetime, zone: ZoneInfo) -> datetime:
    first, second = moment.replace(tzinfo=zone), moment.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        raise HeldBackError("bad_timestamp", "a local time that a clock change makes ambiguous")
    return first


def _micros(fraction: str | None) -> int:
    digits = (fraction or "").rstrip("0")
    if len(digits) > 6:
        raise HeldBackError("out_of_range", "finer than a microsecond")
    return int(digits.ljust(6, "0"))


def _calendar(make: Callable[[], T]) -> T:
    try:
        return make()
    except ValueError:
        raise HeldBackError("bad_timestamp", "a date or time that no calendar has") from None
