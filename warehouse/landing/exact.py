"""The careful lane: one record at a time, each value proved exact or the unit held back."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from warehouse.landing import times
from warehouse.landing.reasons import HeldBackError
from warehouse.landing.shape import (
    BIGINT_MAX,
    BIGINT_MIN,
    DECIMAL,
    DELETED_AT,
    DELETION,
    Column,
    Shape,
)
from warehouse.landing.strict_json import Number, Object, dump, refuse_surrogates

# A number so long cannot fit any column; below it Decimal is exact and quick.
MAX_NUMBER_CHARACTERS = 400


@dataclass(frozen=True)
class Careful:
    """A record proved exact: a text for each column, which DuckDB casts without rounding."""

    values: list[str | None]
    extracted_at: str | None
    deleted_at: str | None
    version: str | None


def read_record(message: Object, shape: Shape, zone: ZoneInfo | None) -> Careful:
    """Prove a RECORD message against its shape; raise HeldBackError with the key when it has one.

    zone: of date-times without an offset; None holds them back.
    """
    message.refuse_repeats("the message")
    names = message.names()
    if "record" not in names:
        raise HeldBackError("missing_field", "the message has no 'record'")
    record = message.get("record")
    if not isinstance(record, Object):
        raise HeldBackError("not_an_object", "'record' is no object")
    record.refuse_repeats("the record")
    try:
        values = _values(record, shape, zone)
        deleted_at = _value(DELETION, record.get(DELETED_AT), zone)
        return Careful(values, _meta(message.get("time_extracted")), deleted_at, _version(message))
    except HeldBackError as error:
        error.key = _key(record, shape, zone)
        raise


def _values(record: Object, shape: Shape, zone: ZoneInfo | None) -> list[str | None]:
    given = dict(record)
    check(given, shape, _kind)
    return [_value(column, given.get(column.name), zone) for column in shape.columns]


def check(given: Mapping[str, Any], shape: Shape, kind_of: Callable[[Any], str]) -> None:
    """Raise HeldBackError unless a record has the shape's names and each value is of its kind."""
    columns = shape.by_name
    for name in given:
        if name not in columns and name != DELETED_AT:
            extra = [name for name in given if name not in columns and name != DELETED_AT]
            refuse_surrogates(extra, "a field's name")
            more = f" and {len(extra) - 1} more" if len(extra) > 1 else ""
            detail = f"the schema lacks {extra[0][:60]!r}{more}"
            raise HeldBackError("unexpected_field", detail)
    for key in shape.keys:
        if key not in given:
            raise HeldBackError("missing_key", f"key {key!r} is absent")
        if given[key] is None:
            raise HeldBackError("null_key", f"key {key!r} is null")
    for column in shape.columns:
        if column.is_required and column.name not in given:
            raise HeldBackError("required_missing", f"column {column.name!r} is required")
    for column in (*shape.columns, DELETION):
        value = given.get(column.name)
        if value is not None:
            _check_kind(column, kind_of(value))
        elif column.is_required and not column.takes_null:
            raise HeldBackError("required_missing", f"column {column.name!r} is null, but required")


def _check_kind(column: Column, kind: str) -> None:
    if column.conflict:
        raise HeldBackError(
            "type_mismatch",
            f"column {column.name!r} is {column.conflict} in the lake, {column.sql_type} now; a "
            "table takes wider numbers, no other change of type: land it under another name",
        )
    if kind not in column.kinds and not (kind == "integer" and "number" in column.kinds):
        expected = "/".join(sorted(column.kinds))
        raise HeldBackError("type_mismatch", f"column {column.name!r}: {kind}, not {expected}")


def _key(record: Object, shape: Shape, zone: ZoneInfo | None) -> list[str] | None:
    """Return the key's values as texts when all can be read, so that the unit may heal."""
    given = dict(record)
    try:
        for name in shape.keys:
            if given.get(name) is not None:
                _check_kind(shape.by_name[name], _kind(given[name]))
        key = [_value(shape.by_name[name], given.get(name), zone) for name in shape.keys]
    except HeldBackError:
        return None
    return [text for text in key if text is not None] if key and None not in key else None


def _value(column: Column, value: Any, zone: ZoneInfo | None) -> str | None:
    if value is None:
        return None
    try:
        return CONVERT[column.sql_type.partition("(")[0]](value, column, zone)
    except HeldBackError as error:
        raise HeldBackError(error.reason, f"column {column.name!r}: {error.detail}") from None


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case Number():
            return "integer" if _is_whole(value) else "number"
        case str():
            return "string"
        case Object():
            return "object"
        case _:
            return "array"


def _is_whole(number: Number) -> bool:
    if number.lstrip("-").isdigit():
        return True
    # 5.0 is an integer in JSON Schema (draft 6 and later, section 4.2.3).
    value = _decimal(number)
    return value == value.to_integral_value()


def _decimal(number: Number) -> Decimal:
    if len(number) > MAX_NUMBER_CHARACTERS:
        raise HeldBackError("out_of_range", "a number of more digits than any column holds")
    value = Decimal(number)
    # Without this bound 1e999999 would be written out digit by digit.
    if abs(value.adjusted()) > MAX_NUMBER_CHARACTERS and value != 0:
        raise HeldBackError("out_of_range", "a number outside the range of its column")
    return value


def _text(value: Any, column: Column, zone: ZoneInfo | None) -> str:
    refuse_surrogates([value], "the text")
    return str(value)


def _integer(value: Any, column: Column, zone: ZoneInfo | None) -> str:
    number = _decimal(value)
    whole = int(number)
    if whole != number:
        raise HeldBackError("out_of_range", "a fraction in a column of integers")
    if not BIGINT_MIN <= whole <= BIGINT_MAX:
        raise HeldBackError("out_of_range", "an integer beyond 64 bits")
    return str(whole)


def _fixed(value: Any, column: Column, zone: ZoneInfo | None) -> str:
    fits = DECIMAL.fullmatch(column.sql_type)
    precision, scale = (int(fits[1]), int(fits[2])) if fits else (38, 0)
    written = format(_decimal(value), "f")
    whole, _, fraction = written.lstrip("-").partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > scale or len(whole.lstrip("0")) > precision - scale:
        raise HeldBackError("out_of_range", f"a number that {column.sql_type} cannot hold exactly")
    sign = "-" if written.startswith("-") else ""
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def _double(value: Any, column: Column, zone: ZoneInfo | None) -> str:
    exact = _decimal(value)
    nearest = float(exact)
    # Exact in the sense that the stored number prints back as the one that was sent.
    if Decimal(repr(nearest)) != exact:
        raise HeldBackError("out_of_range", "a number that DOUBLE cannot hold exactly")
    return repr(nearest)


def _boolean(value: Any, column: Column, zone: ZoneInfo | None) -> str:
    return "true" if value else "false"


def _json(value: Any, column: Column, zone: ZoneInfo | None) -> str:
    text = dump(value)
    refuse_surrogates([text], "the value")
    return text


def _blob(value: Any, column: Column, zone: ZoneInfo | None) -> str:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise HeldBackError("type_mismatch", "no base64") from None
    return str(value)


def _meta(value: Any) -> str | None:
    """Return a time of the message's envelope; one that cannot be read is as if not sent."""
    try:
        return times.zoned(value, Column("", "TIMESTAMPTZ", frozenset()), ZoneInfo("UTC"))
    except (HeldBackError, TypeError):
        return None


def _version(message: Object) -> str | None:
    version = message.get("version")
    whole = isinstance(version, Number) and version.lstrip("-").isdigit() and len(version) < 19
    return str(version) if whole else None


CONVERT: dict[str, Callable[[Any, Column, ZoneInfo | None], str]] = {
    "VARCHAR": _text,
    "BIGINT": _integer,
    "DECIMAL": _fixed,
    "DOUBLE": _double,
    "BOOLEAN": _boolean,
    "JSON": _json,
    "BLOB": _blob,
    "DATE": times.day,
    "TIME": times.clock,
    "TIMESTAMP": times.naive,
    "TIMESTAMPTZ": times.zoned,
}
