"""How one tap writes its RECORD lines: a pattern that proves a line exact without parsing it.

A tap writes the records of a stream alike: the same keys in the same order. From one line of it
and the stream's shape comes a regular expression that only lines match whose every value is of its
column's kind and exact in its column's type; RE2 holds a gigabyte of lines against it in seconds.
Lines that do not match are not bad: they are read another way.
"""

import json
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.landing.shape import DECIMAL, DELETED_AT, DELETION, Column, Shape

# A double keeps 15 digits (IEEE 754 binary64), and DuckDB scales it to a decimal as a double: a
# decimal is exact when all its digits, its column's scale filled up, are within them.
DIGITS = 15
WIDE = 18
DEEPEST = 4
# Templates a stream, and lines on which a new one has to prove itself.
MOST = 4
SAMPLE = 256
# So many lines are shared among threads.
SHARED = 10_000
WORKERS = min(os.cpu_count() or 1, 4)
TEXT = (
    r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u(?:0[1-9a-fA-F][0-9a-fA-F]{2}|00[1-9a-fA-F][0-9a-fA-F]'
    r"|000[1-9a-fA-F]|[1-9a-cefA-CEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}"
    r'|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))*"'
)
WHOLE = r"-?(?:0|[1-9][0-9]{0,17})"
# Not -0, whose sign would be lost, and nothing that a double writes back with an exponent.
INTEGER = r"(?:0|-?[1-9][0-9]{0,14})"
REAL = r"(?:0|-?[1-9][0-9]{0,14}|-?(?:0|[1-9][0-9]{0,8})\.[0-9]{1,5})"
MONTH_DAY = r"-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
YEARS = r"000[2-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8]"
# Years 1 and 9999 are read the careful way: an offset may carry them out of the calendar. A date
# has none, and the last day is how many systems write "for ever".
MOMENT = f"(?:{YEARS}){MONTH_DAY}"
DAY = f"(?:(?:{YEARS}){MONTH_DAY}|9999-12-31)"
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
OFFSET = r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
TIMES = {
    "DATE": f'"{DAY}"',
    "TIME": f'"{CLOCK}"',
    "TIMESTAMP": f'"{MOMENT}[T ]{CLOCK}"',
    "TIMESTAMPTZ": f'"{MOMENT}[T ]{CLOCK}{OFFSET}"',
}
# An envelope's time without an offset is in UTC, as the session is.
EXTRACTED = f'(?:, ?"time_extracted": ?(?:"{MOMENT}[T ]{CLOCK}{OFFSET}?"|null))'
VERSION = r'(?:, ?"version": ?(?:0|[1-9][0-9]{0,17}))'


@dataclass(frozen=True)
class Template:
    """A pattern of whole lines."""

    pattern: str

    def matches(self, texts: pa.Array) -> npt.NDArray[np.bool_]:
        """Say of each line whether it is exact by this template."""
        if len(texts) < SHARED:
            return self._match(texts)
        # RE2 lets go of Python's lock, so that the pieces are matched side by side.
        piece = -(-len(texts) // WORKERS)
        pieces = [texts.slice(at, piece) for at in range(0, len(texts), piece)]
        with ThreadPoolExecutor(WORKERS) as pool:
            return np.concatenate(list(pool.map(self._match, pieces)))

    def _match(self, texts: pa.Array) -> npt.NDArray[np.bool_]:
        found = pc.match_substring_regex(texts, self.pattern)
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.bool_)


def derive(line: str, shape: Shape) -> Template | None:
    """Derive a template from one RECORD line; None when the line is not plainly written."""
    try:
        message: Any = json.loads(line)
    except ValueError:
        return None
    record = message.get("record") if isinstance(message, dict) else None
    if not isinstance(record, dict) or list(message)[:3] != ["type", "stream", "record"]:
        return None
    columns = {column.name: column for column in (*shape.columns, DELETION)}
    if not record or record.keys() - columns.keys():
        return None
    fields = []
    for name in record:
        value = _value(columns[name], name in shape.keys, record[name])
        if value is None:
            return None
        fields.append((name, f'"{_name(name)}": ?{value}', _is_needed(columns[name], shape)))
    if any(_is_needed(column, shape) and column.name not in record for column in shape.columns):
        return None
    if DELETED_AT not in record:
        fields.append((DELETED_AT, f'"{DELETED_AT}": ?(?:{TIMES["TIMESTAMPTZ"]}|null)', False))
    first, *rest = (text for _, text, _ in fields)
    needed = [is_needed for _, _, is_needed in fields][1:]
    body = first + "".join(
        f", ?{text}" if is_needed else f"(?:, ?{text})?"
        for text, is_needed in zip(rest, needed, strict=True)
    )
    head = rf'\{{"type": ?"RECORD", ?"stream": ?"{_name(shape.stream)}", ?"record": ?\{{'
    envelope = f"(?:{EXTRACTED}?{VERSION}?|{VERSION}{EXTRACTED})"
    pattern = rf"^{head}{body}\}}{envelope}\}}[ \t\r]*\n?$"
    return Template(pattern)


def _is_needed(column: Column, shape: Shape) -> bool:
    return column.is_required or column.name in shape.keys


def _value(column: Column, is_key: bool, sample: Any) -> str | None:
    """Return the pattern of a column's exact values; None when it has none."""
    takes_null = not is_key and (column.takes_null or not column.is_required)
    if column.conflict:
        return "null"
    pattern = _exact(column, sample)
    if pattern is None:
        return None
    return f"(?:{pattern}|null)" if takes_null else f"(?:{pattern})"


def _exact(column: Column, sample: Any) -> str | None:
    bare = column.sql_type.partition("(")[0]
    match bare:
        case "JSON":
            depth = min(max(_depth(sample), 1), DEEPEST)
            return _json(depth, column.kinds)
        case "VARCHAR" if column.kinds == {"string"}:
            return TEXT
        case "BIGINT":
            return WHOLE
        case "DOUBLE":
            return REAL
        case "BOOLEAN":
            return "true|false"
        case "BLOB":
            return f'"{BASE64}"'
        case "DECIMAL":
            return _decimal(column)
    return TIMES.get(bare)


def _decimal(column: Column) -> str | None:
    fits = DECIMAL.fullmatch(column.sql_type)
    precision, decimals = (int(fits[1]), int(fits[2])) if fits else (0, 0)
    # A number without a point is read as an integer, and scaled exactly to 18 digits.
    digits, parted = min(precision, WIDE) - decimals, min(precision, DIGITS) - decimals
    if parted < 1:
        return None
    whole = f"-?(?:0|[1-9][0-9]{{0,{digits - 1}}})"
    if not decimals or "number" not in column.kinds:
        return whole
    return rf"{whole}|-?(?:0|[1-9][0-9]{{0,{parted - 1}}})\.[0-9]{{1,{decimals}}}"


def _json(depth: int, kinds: frozenset[str]) -> str:
    kind = {
        "string": TEXT,
        "integer": INTEGER,
        "number": REAL,
        "boolean": "true|false",
        "array": _array(depth),
        "object": _object(depth),
    }
    return "|".join(dict.fromkeys(kind[one] for one in sorted(kinds)))


def _any(depth: int) -> str:
    nested = [_array(depth), _object(depth)] if depth else []
    return f"(?:{'|'.join((TEXT, REAL, 'true|false|null', *nested))})"


def _array(depth: int) -> str:
    inner = _any(depth - 1)
    return rf"\[(?:{inner}(?:, ?{inner})*)?\]"


def _object(depth: int) -> str:
    pair = f"{TEXT}: ?{_any(depth - 1)}"
    return rf"\{{(?:{pair}(?:, ?{pair})*)?\}}"


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _name(name: str) -> str:
    """Return a name as both `json.dumps` and a writer of plain UTF-8 spell it."""
    spelt = {json.dumps(name), json.dumps(name, ensure_ascii=False)}
    return "(?:" + "|".join(re.escape(one[1:-1]) for one in sorted(spelt)) + ")"


class Templates:
    """The templates of a stream, learnt from its lines as they come."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._known: list[Template] = []
        self._tries_left = 2 * MOST

    def exact(self, texts: pa.Array) -> npt.NDArray[np.bool_]:
        """Say of each line whether it is certainly exact; learn from one that no template knows."""
        sure = np.zeros(len(texts), dtype=np.bool_)
        for template in chain(self._known, self._learning(texts, sure)):
            left = np.flatnonzero(~sure)
            if not len(left):
                break
            part = texts if len(left) == len(texts) else texts.take(pa.array(left))
            sure[left[template.matches(part)]] = True
        return sure

    def _learning(self, texts: pa.Array, sure: npt.NDArray[np.bool_]) -> Iterator[Template]:
        """Yield new templates while many lines are left and trying is worth it."""
        while self._tries_left and len(self._known) < MOST:
            left = np.flatnonzero(~sure)
            if len(left) * 20 <= len(texts):
                return
            self._tries_left -= 1
            # The line may be the one that is odd: a template is judged on others as well.
            example = left[self._tries_left * 7919 % len(left)]
            template = derive(texts[int(example)].as_py(), self._shape)
            if template is None or template in self._known:
                continue
            try:
                is_good = template.matches(texts.take(pa.array(left[:SAMPLE]))).any()
            except pa.ArrowInvalid:  # RE2 refuses a pattern that is too large
                self._tries_left = 0
                return
            if is_good:
                self._known.append(template)
                yield template
