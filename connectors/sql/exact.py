"""What a column's type is in a batch, and one value of a record as that type holds it exactly."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import simplejson  # type: ignore[import-untyped]

DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
BASE64 = "BASE64"  # bytes in a column of text
# What a type cannot hold exactly: its row goes as a record, for whoever loads it to judge.
ODD = object()

_TYPES = {
    "VARCHAR": ({"string"}, pa.string()),
    BASE64: ({"string"}, pa.string()),
    "BIGINT": ({"integer", "number"}, pa.int64()),
    "DOUBLE": ({"integer", "number"}, pa.float64()),
    "BOOLEAN": ({"boolean"}, pa.bool_()),
    "TIMESTAMPTZ": ({"string"}, pa.timestamp("us", tz="UTC")),
    "TIMESTAMP": ({"string"}, pa.timestamp("us")),
    "DATE": ({"string"}, pa.date32()),
    "BLOB": ({"string"}, pa.binary()),
    "JSON": ({"object", "array"}, pa.string()),
}
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?(\+00:00)?", re.ASCII)
# Whole numbers below are exact in a double (IEEE 754 binary64).
_DOUBLE_WHOLE = 2**53
# As singer-sdk writes a record's values; one writer for all, since making one takes as long.
_JSON = simplejson.JSONEncoder(use_decimal=True, separators=(",", ":"), ignore_nan=True)
# A target may count how deep JSON is nested; what may be too deep goes as a record.
_DEPTH = 60


def lake_type(schema: Mapping[str, Any]) -> str | None:
    """Return the type that a column's JSON schema means; None where a batch is not sure of it."""
    types = schema.get("type", [])
    kinds = ({types} if isinstance(types, str) else set(types)) - {"null"}
    hint = schema.get("x-sql-datatype")
    if hint is None:
        if kinds == {"string"} and schema.get("contentEncoding") == "base64":
            return BASE64
        if kinds == {"string"} and not schema.keys() & {"format", "contentEncoding"}:
            return "VARCHAR"
        return "DOUBLE" if kinds == {"number"} and "multipleOf" not in schema else None
    if DECIMAL.fullmatch(hint):
        return str(hint) if kinds and kinds <= {"integer", "number"} else None
    suits, _ = _TYPES.get(hint, (set(), None))
    return str(hint) if kinds and kinds <= suits else None


def arrow_type(lake: str) -> pa.DataType:
    """Return the Arrow type of a lake type."""
    if decimal := DECIMAL.fullmatch(lake):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    return _TYPES[lake][1]


def reader(lake: str, schema: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Build the function that turns what a record says into Arrow's value, or ODD."""
    if decimal := DECIMAL.fullmatch(lake):
        precision, scale = int(decimal[1]), int(decimal[2])
        return lambda said: _decimal(said, precision, scale)
    if lake == "JSON":
        shapes = {"object": dict, "array": list}
        taken = tuple(shape for kind, shape in shapes.items() if kind in schema.get("type", []))
        return lambda said: _json(said, taken)
    return _READERS[lake]


def _text(said: Any) -> Any:
    return said if isinstance(said, str) and _is_whole(said) else ODD


def _blob(said: Any) -> Any:
    return base64.b64decode(said) if isinstance(said, str) else ODD


def _integer(said: Any) -> Any:
    return said if type(said) is int and -(2**63) <= said < 2**63 else ODD


def _double(said: Any) -> Any:
    if isinstance(said, float):
        return said
    if type(said) is int:
        return float(said) if abs(said) < _DOUBLE_WHOLE else ODD
    if isinstance(said, Decimal) and Decimal(repr(float(said))) == said:
        return float(said)
    return ODD


def _boolean(said: Any) -> Any:
    return said if isinstance(said, bool) else ODD


def _decimal(said: Any, precision: int, scale: int) -> Any:
    if type(said) is not int and not isinstance(said, Decimal):
        return ODD
    sign, digits, exponent = Decimal(said).as_tuple()
    if not isinstance(exponent, int):
        return ODD
    text = "".join(map(str, digits)).rstrip("0")
    exponent += len(digits) - len(text)
    fits = not text or (-exponent <= scale and len(text) + exponent <= precision - scale)
    return Decimal((sign, tuple(map(int, text or "0")), exponent if text else 0)) if fits else ODD


def _day(said: Any) -> Any:
    if not isinstance(said, str) or not _DAY.fullmatch(said):
        return ODD
    return _calendar(date.fromisoformat, said)


def _zoned(said: Any) -> Any:
    return _moment(said, "+00:00")


def _naive(said: Any) -> Any:
    return _moment(said, None)


def _moment(said: Any, offset: str | None) -> Any:
    found = _MOMENT.fullmatch(said) if isinstance(said, str) else None
    if not found or found[1] != offset:
        return ODD
    moment = _calendar(datetime.fromisoformat, said)
    # An offset may carry the first and the last year out of the calendar.
    return moment if moment is not ODD and 2 <= moment.year <= 9998 else ODD


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _calendar(read: Callable[[str], Any], said: str) -> Any:
    try:
        return read(said)
    except ValueError:
        return ODD


def _json(said: Any, taken: tuple[type, ...]) -> Any:
    if not isinstance(said, taken):
        return ODD
    text = _JSON.encode(said)
    is_deep = text.count("{") + text.count("[") > _DEPTH
    return ODD if is_deep or "\\ud" in text else text  # \ud... may be half a character


_READERS: dict[str, Callable[[Any], Any]] = {
    "VARCHAR": _text,
    BASE64: _text,
    "BIGINT": _integer,
    "DOUBLE": _double,
    "BOOLEAN": _boolean,
    "TIMESTAMPTZ": _zoned,
    "TIMESTAMP": _naive,
    "DATE": _day,
    "BLOB": _blob,
}
