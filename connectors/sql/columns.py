"""A column of a driver's values as an Arrow array: at once where that is certainly exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from connectors.sql import exact
from connectors.sql.values import converter

_DAY = r"^\d{4}-\d\d-\d\d$"
_MOMENT = r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?$"
_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"


class Column:
    """Turns a driver's values into an array, and one value into what its record says."""

    def __init__(self, name: str, schema: Mapping[str, Any], zone: ZoneInfo | None) -> None:
        """Take a column whose JSON schema has an `exact.lake_type`."""
        lake = exact.lake_type(schema)
        if lake is None:
            raise ValueError(f"column {name} has no type for a batch")
        self.name = name
        self.type = exact.arrow_type(lake)
        self.convert = converter(schema, zone)
        self._family = "DECIMAL" if exact.DECIMAL.fullmatch(lake) else lake
        self._read = exact.reader(lake, schema)
        # Elsewhere a change of summer time is looked for moment by moment.
        self._is_plain_time = (
            zone is None if lake == "TIMESTAMP" else bool(zone and zone.key == "UTC")
        )

    def array(self, values: Sequence[Any]) -> tuple[pa.Array, list[int]]:
        """Return the values as an array, and the places of the odd ones, where it has a null."""
        kinds = set(map(type, values)) - {type(None)}
        if not kinds:
            return pa.nulls(len(values), self.type), []
        try:
            whole = self._whole(values, kinds)
        except (ValueError, OverflowError):  # ArrowInvalid, or half a character
            whole = None
        return (whole, []) if whole is not None else self._one_by_one(values)

    def _whole(self, values: Sequence[Any], kinds: set[type]) -> pa.Array | None:
        """Convert all at once; None, or ArrowInvalid, where that is not certainly exact."""
        match self._family:
            case "VARCHAR" if kinds == {str}:
                return pa.array(values, self.type)
            case "BLOB" if kinds == {bytes}:
                return pa.array(values, self.type)
            case "BIGINT" if kinds == {int}:
                return pa.array(values, self.type)
            case "BOOLEAN" if kinds == {bool}:
                return pa.array(values, self.type)
            case "BOOLEAN" if kinds == {int} and set(values) <= {0, 1, None}:
                return pa.array(values, pa.int64()).cast(self.type)
            case "DOUBLE" if kinds <= {int, float}:
                doubles = pa.array(values, self.type)  # invalid beyond 2**53
                return doubles if pc.all(pc.is_finite(doubles)).as_py() else None
            case "DECIMAL" if kinds == {Decimal}:
                return pa.array(values, self.type)
            case "DECIMAL" if kinds <= {int, float}:
                # The shortest text of a double is what its record says.
                whole = pa.int64() if kinds == {int} else pa.float64()
                return pa.array(values, whole).cast(pa.string()).cast(self.type)
            case "DECIMAL" if kinds == {str}:
                return _parsed(values, _NUMBER, self.type)
            case "DATE" if kinds == {date}:
                return pa.array(values, self.type)
            case "DATE" if kinds == {str}:
                return _in_calendar(_parsed(values, _DAY, self.type))
            case "TIMESTAMP" | "TIMESTAMPTZ" if self._is_plain_time:
                return _in_calendar(_moments(values, kinds, self.type))
        return None

    def _one_by_one(self, values: Sequence[Any]) -> tuple[pa.Array, list[int]]:
        found: list[Any] = []
        odd: list[int] = []
        for place, value in enumerate(values):
            said = self.convert(value)
            held = None if said is None else self._read(said)
            if held is exact.ODD:
                odd.append(place)
                held = None
            found.append(held)
        return pa.array(found, self.type), odd


def _parsed(values: Sequence[Any], pattern: str, kind: pa.DataType) -> pa.Array | None:
    texts = pa.array(values, pa.string())
    matching = pc.all(pc.match_substring_regex(texts, pattern)).as_py()
    return texts.cast(kind) if matching else None


def _moments(values: Sequence[Any], kinds: set[type], kind: pa.DataType) -> pa.Array | None:
    naive: pa.Array | None = None
    if kinds == {datetime} and all(value is None or value.tzinfo is None for value in values):
        naive = pa.array(values, pa.timestamp("us"))
    elif kinds == {str}:
        naive = _parsed(values, _MOMENT, pa.timestamp("us"))
    return naive if naive is None else naive.cast(kind)


def _in_calendar(times: pa.Array | None) -> pa.Array | None:
    """Leave the calendar's first and last year, out of which an offset may carry, to the record."""
    if times is None:
        return None
    years = pc.min_max(pc.year(times)).as_py()
    return times if years["min"] >= 2 and years["max"] <= 9998 else None
