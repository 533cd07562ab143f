"""What a value is, and whether a column can hold it: plain Python, nothing of the target's."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
SIMPLE = 100


class Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


class Pairs(tuple[tuple[str, Any], ...]):
    """A JSON object with every pair that it was written with."""

    __slots__ = ()

    def has_repeats(self) -> bool:
        """Say whether a key stands twice."""
        return len({key for key, _ in self}) < len(self)


def read(text: str | bytes) -> Any:
    """Parse JSON exactly; raise ValueError of what is none, NaN included, or too deep to read."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        return json.loads(
            text.decode() if isinstance(text, bytes) else text,
            parse_int=Number,
            parse_float=Number,
            parse_constant=refuse,
            object_pairs_hook=lambda pairs: Pairs(pairs),
        )
    except RecursionError:
        raise ValueError("too deep") from None


def depth(value: Any) -> int:
    """Return how deeply a value is nested."""
    if isinstance(value, Pairs):
        return 1 + max((depth(item) for _, item in value), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


def is_text(value: Any) -> bool:
    """Say whether all of a value's texts are Unicode: no half of a surrogate pair."""
    if isinstance(value, Pairs):
        return all(is_text(key) and is_text(item) for key, item in value)
    if isinstance(value, list):
        return all(map(is_text, value))
    return not isinstance(value, str) or not any("\ud800" <= one <= "\udfff" for one in value)


def kinds(declared: Mapping[str, Any]) -> set[str]:
    """Return the JSON types that a property declares; empty for any."""
    branches = declared.get("anyOf", [declared])
    found: set[str] = set()
    for branch in branches:
        types = branch.get("type", [])
        found.update([types] if isinstance(types, str) else types)
    return found


def is_of_kind(declared: Mapping[str, Any], value: Any) -> bool:
    """Say whether a value that is not null is of a JSON type that the column declares."""
    taken = kinds(declared) - {"null"}
    if not taken or not is_text(value):
        return is_text(value)
    match value:
        case Number():
            return "number" in taken or ("integer" in taken and _is_whole(value))
        case bool():
            return "boolean" in taken
        case str():
            return "string" in taken
        case Pairs():
            return "object" in taken
    return "array" in taken


def fits(declared: Mapping[str, Any], value: Any) -> bool | None:
    """Say whether a column must take a value that is not null; None leaves it to the target."""
    taken = kinds(declared) - {"null"}
    if isinstance(value, Number) and taken <= {"integer", "number"}:
        return _number_fits(declared, taken, value)
    if not is_of_kind(declared, value):
        return False
    if isinstance(value, Number) and not _is_simple(value):
        return None
    if taken == {"string"} and declared.get("format") == "date-time":
        return _is_moment(value)
    if taken == {"string"} and declared.get("format") == "date":
        return True if DAY.fullmatch(value) and _day(value) else None
    return True


def _is_whole(value: Number) -> bool:
    exact = Decimal(value)
    if abs(exact.adjusted()) > 4 * SIMPLE:
        return exact.adjusted() > 0
    with localcontext(prec=9 * SIMPLE):
        return exact == exact.to_integral_value()


def _is_simple(value: Number) -> bool:
    return len(value) <= SIMPLE and abs(Decimal(value).adjusted()) <= SIMPLE


def _number_fits(declared: Mapping[str, Any], taken: set[str], value: Number) -> bool | None:
    with localcontext(prec=4 * SIMPLE):
        return _exact_fits(declared, taken, value)


def _exact_fits(declared: Mapping[str, Any], taken: set[str], value: Number) -> bool | None:
    exact = Decimal(value)
    if not _is_simple(value):
        return None
    if not taken:
        return True
    if "number" not in taken:
        wide = "maximum" in declared
        low, high = (-(10**38) + 1, 10**38 - 1) if wide else (-(2**63), 2**63 - 1)
        return _is_whole(value) and low <= exact <= high
    if "multipleOf" in declared:
        return abs(exact) < 10**34 and exact.scaleb(4) % 1 == 0
    return Decimal(repr(float(exact))) == exact


def _is_moment(text: str) -> bool | None:
    found = MOMENT.fullmatch(text)
    if not found:
        return None
    try:
        datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return True


def _day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def sent(sql_type: str, value: Any) -> Any:
    """Return what a sent value is, to compare with `stored` of the same column."""
    if value is None:
        return None
    if sql_type == "JSON":
        return _whole(value)
    if sql_type == "TIMESTAMP WITH TIME ZONE" and type(value) is str:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return ("no moment", value)
        naive = moment.tzinfo is None
        return ("no zone", value) if naive else ("moment", (moment - EPOCH) // timedelta(0, 0, 1))
    if sql_type == "DATE" and type(value) is str:
        return ("day", value)
    return _whole(value)


def stored(sql_type: str, value: Any) -> Any:
    """Return what a stored value is; a moment comes as microseconds since 1970, a date as text."""
    if value is None:
        return None
    match sql_type.partition("(")[0]:
        case "JSON":
            return _whole(read(value))
        case "TIMESTAMP WITH TIME ZONE":
            return ("moment", value)
        case "DATE":
            return ("day", value)
        case "BIGINT" | "DECIMAL" | "DOUBLE":
            return _whole(Number(repr(value) if isinstance(value, float) else value))
    return _whole(value)


def _whole(value: Any) -> Any:
    match value:
        case Number():
            exact = Decimal(value)
            return ("number", exact if exact else Decimal(0))
        case Pairs():
            return ("object", tuple((key, _whole(item)) for key, item in value))
        case list():
            return ("array", tuple(map(_whole, value)))
        case bool():
            return ("boolean", value)
        case str():
            return ("text", value)
    return (type(value).__name__, value)
