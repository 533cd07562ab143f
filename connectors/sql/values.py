"""Types and values of a database in JSON's terms, exact or handed on unchanged.

A value that does not fit its column's schema (text in a number column, a time without a zone) is
handed on as it is: whoever loads it can quarantine it, while a mended value could not be told from
a true one.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from json import JSONDecoder
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.clock import is_uncertain

Convert = Callable[[Any], Any]

# Only canonical spellings are numbers; '007' or ' 7' would not come back as they were sent.
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", re.ASCII)
# Python truncates a fraction beyond microseconds, so such a text is handed on.
# A date alone is midnight, as SQLite defines its time values: https://sqlite.org/lang_datefunc.html
_TIMESTAMP = re.compile(
    r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_MAX_PRECISION = 38


def column_schema(kind: sa.types.TypeEngine[Any], zone: ZoneInfo | None) -> dict[str, Any]:
    """Describe a reflected column type as JSON schema; a type we do not know is its text."""
    match kind:
        case sa.Boolean():
            return {"type": "boolean", "x-sql-datatype": "BOOLEAN"}
        case sa.Integer():
            return {"type": "integer", "x-sql-datatype": "BIGINT"}
        case sa.Float():
            return {"type": "number", "x-sql-datatype": "DOUBLE"}
        case sa.Numeric():
            return _decimal_schema(kind.precision, kind.scale)
        case sa.DateTime():
            zoned = kind.timezone or zone is not None
            stored = "TIMESTAMPTZ" if zoned else "TIMESTAMP"
            return {"type": "string", "format": "date-time", "x-sql-datatype": stored}
        case sa.Date():
            return {"type": "string", "format": "date", "x-sql-datatype": "DATE"}
        case sa.Time():
            return {"type": "string", "format": "time", "x-sql-datatype": "TIME"}
        case sa.LargeBinary() | sa.BINARY() | sa.VARBINARY():
            return {"type": "string", "contentEncoding": "base64"}
        case sa.JSON():
            return {"type": ["object", "array"], "x-sql-datatype": "JSON"}
        case sa.ARRAY():
            return {"type": "array", "x-sql-datatype": "JSON"}
        case sa.String():
            return {"type": "string", "x-sql-datatype": "VARCHAR"}
    return {"type": "string"}


def _decimal_schema(precision: int | None, scale: int | None) -> dict[str, Any]:
    if precision is None or scale is None or not 0 <= scale <= precision <= _MAX_PRECISION:
        return {"type": "number"}
    return {
        "type": "number",
        "multipleOf": float(Decimal(1).scaleb(-scale)) if scale else 1,
        "x-sql-datatype": f"DECIMAL({precision},{scale})",
    }


def converter(schema: Mapping[str, Any], zone: ZoneInfo | None) -> Convert:
    """Build the function that turns a driver's value into what the column's schema asks for.

    `zone` is the zone of times that carry none; without it they stay without one.
    """
    types = schema.get("type", [])
    kinds = {types} if isinstance(types, str) else set(types)
    convert: Convert
    if "boolean" in kinds:
        convert = _boolean
    elif "integer" in kinds or "number" in kinds:
        convert = plain if schema.get("x-sql-datatype") == "DOUBLE" else _number
    elif kinds & {"object", "array"}:
        convert = _json
    elif schema.get("contentEncoding") == "base64":
        convert = _binary
    elif schema.get("format") == "date-time":
        convert = _timestamp_in(zone)
    elif "x-sql-datatype" in schema or "format" in schema:
        convert = plain
    else:
        convert = _text_of_anything
    return lambda value: None if value is None else convert(value)


def read_json(text: str | bytes) -> Any:
    """Read JSON with every digit; a text that is not allowed, or names a key twice, stays a text.

    Python's own reader takes NaN, and keeps only the last of two values.
    """
    try:
        return _JSON.decode(text if isinstance(text, str) else text.decode())
    except (ValueError, RecursionError):
        return text if isinstance(text, str) else text.decode()


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


# One reader for all values: json.loads would make one a value, which takes longer than to read.
_JSON = JSONDecoder(parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_unrepeated)


def plain(value: Any) -> Any:
    """Turn any driver value into JSON's types and Decimal without changing what it says."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            return value if value.is_finite() else str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            # Never a plain string: base64 text could be taken for the value of a text column.
            return {"base64": base64.b64encode(bytes(value)).decode()}
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
    return str(value)


def _boolean(value: Any) -> Any:
    # MySQL and SQLite keep booleans as 0 and 1.
    return bool(value) if type(value) is int and value in (0, 1) else plain(value)


def _number(value: Any) -> Any:
    if isinstance(value, float) and math.isfinite(value):
        exact = Decimal(repr(value))  # shortest text that reads back as the same double
        return int(exact) if exact == exact.to_integral_value() and abs(exact) < 2**53 else exact
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        # Where SQLite has to be exact, decimals are kept in text columns.
        return Decimal(value) if "." in value else int(value)
    return plain(value)


def _json(value: Any) -> Any:
    return read_json(value) if isinstance(value, str) else plain(value)


def _binary(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode()
    return {"text": value} if isinstance(value, str) else plain(value)


def _text_of_anything(value: Any) -> Any:
    exact = plain(value)
    return str(exact) if isinstance(exact, (bool, int, float, Decimal)) else exact


def _timestamp_in(zone: ZoneInfo | None) -> Convert:
    def timestamp(value: Any) -> Any:
        moment = value
        if isinstance(value, str):
            if not _TIMESTAMP.fullmatch(value):
                return value
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                return value
        if not isinstance(moment, datetime):
            return plain(value)
        if moment.tzinfo is None and zone is not None:
            if is_uncertain(moment, zone):
                return moment.isoformat()
            moment = moment.replace(tzinfo=zone)
        try:
            return (moment if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()
        except OverflowError:  # in UTC it is outside the calendar
            return moment.isoformat()

    return timestamp
