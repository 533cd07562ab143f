"""A replication key's value in STATE and back, and how far back a pull looks again."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa

from connectors.sql.values import plain

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:([ T])(\d\d:\d\d(?::\d\d)?)(\.\d{1,6})?(.*))?", re.ASCII)


def written(value: Any) -> Any:
    """Return a database's value as STATE keeps it: what `read` gives back, whatever the zone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    kept = plain(value)
    return str(kept) if isinstance(kept, Decimal) else kept


def read(bookmark: Any, kind: sa.types.TypeEngine[Any] | None) -> Any:
    """Read a bookmark back into the type that the driver compares with a column of `kind`.

    None is no bookmark: also where it is no value of this kind. `kind` is None where a column
    takes any type.
    """
    if kind is None or not isinstance(bookmark, str):
        return bookmark
    try:
        match kind:
            case sa.DateTime():
                return datetime.fromisoformat(bookmark)
            case sa.Date():
                return date.fromisoformat(bookmark)
            case sa.Numeric():
                found = Decimal(bookmark)
                return found if found.is_finite() else None
    except (ValueError, InvalidOperation):
        return None
    return bookmark


def earlier(value: Any, seconds: float) -> Any:
    """Return a time so many seconds earlier, in its own spelling; else the value itself."""
    if not seconds:
        return value
    back = timedelta(seconds=seconds)
    try:
        match value:
            case datetime():
                return value - back
            case date():
                return (datetime.combine(value, time()) - back).date()
            case str():
                return _earlier_text(value, back)
    except (OverflowError, ValueError):
        return value
    return value


def _earlier_text(value: str, back: timedelta) -> str:
    """SQLite compares texts, so that each part keeps its width; what follows the time stays."""
    found = _TIME.fullmatch(value)
    if not found:
        return value
    day, mark, clock, fraction, rest = found.groups()
    if mark is None:
        return (datetime.fromisoformat(day) - back).date().isoformat()
    moment = datetime.fromisoformat(f"{day}T{clock}{fraction or ''}") - back
    spec = "seconds" if clock.count(":") == 2 else "minutes"
    digits = f"{moment.microsecond:06}"[: len(fraction) - 1] if fraction else ""
    said = moment.replace(microsecond=0).isoformat(sep=mark, timespec=spec)
    return f"{said}.{digits}{rest}" if fraction else f"{said}{rest}"


def moves(value: Any, kind: sa.types.TypeEngine[Any] | None, reached: Any) -> bool:
    """Whether a row's value may be the bookmark: one to compare with, and not before `reached`.

    A time of 'infinity' comes as text; as bookmark it would hide every later row.
    """
    if value is None or isinstance(value, bytes) or value != value:
        return False
    if isinstance(value, str) and kind is not None:
        # How the database sorts texts is not known here; its rows come in that order.
        return not isinstance(kind, (sa.DateTime, sa.Date))
    try:
        return reached is None or bool(value >= reached)
    except TypeError:
        return True
