"""Read JSON without losing anything: numbers as written, repeated keys seen, no NaN."""

import json
import re
from collections.abc import Iterable
from typing import Any, NoReturn

from warehouse.landing.reasons import HeldBackError

MARKS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)
# Up to 15 significant digits a double prints back as it was written (IEEE 754 binary64).
EXACT_DIGITS = 15
MAX_VALUES = 1_000_000
# As DuckDB writes them: json.dumps has the same ones, but its hex digits in lower case.
ESCAPES = {code: f"\\u{code:04X}" for code in range(0x20)} | {
    ord(character): f"\\{letter}"
    for character, letter in zip('\b\t\n\f\r"\\', 'btnfr"\\', strict=True)
}


class Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


class Object(list[tuple[str, Any]]):
    """A JSON object as its pairs in order, so that a repeated key is seen."""

    __slots__ = ()

    def get(self, key: str) -> Any:
        """Return the value of `key`, or None."""
        return next((value for name, value in self if name == key), None)

    def names(self) -> list[str]:
        """Return the keys in order."""
        return [name for name, _ in self]

    def refuse_repeats(self, where: str) -> None:
        """Raise HeldBackError when a key stands twice: which one is meant is anyone's guess."""
        if len(set(self.names())) != len(self):
            raise HeldBackError("duplicate_key", f"a key of {where} stands twice")


def parse(
    raw: bytes, max_depth: int, max_values: int = MAX_VALUES, *, is_ended: bool = True
) -> Any:
    """Parse one line into Object, list, str, Number, bool or None; else raise HeldBackError.

    max_values: more than these are not read at all, since each takes some 200 bytes of memory.
    """
    if raw.count(b",") >= max_values:
        raise HeldBackError("too_large", f"more than {max_values} values in one line")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise HeldBackError("invalid_utf8", f"byte {error.start} of the line") from None
    _refuse_depth(text, max_depth)
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        reason = "invalid_json" if is_ended else "truncated"
        raise HeldBackError(reason, f"{error.msg} at character {error.pos}") from None


def dump(value: Any) -> str:
    """Write a parsed value back as compact JSON; numbers keep every digit.

    Escapes and short decimals are as DuckDB writes them, so that both lanes store the same text.
    """
    match value:
        case Number():
            return _number(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case Object():
            pairs = (f"{_text(k)}:{dump(v)}" for k, v in value)
            return "{" + ",".join(pairs) + "}"
        case _:
            return "[" + ",".join(dump(item) for item in value) + "]"


def plain(value: Any) -> Any:
    """Turn a parsed value into dicts, lists, int and float: for schemas, where values are few."""
    if isinstance(value, Object):
        value.refuse_repeats("an object")
        return {key: plain(item) for key, item in value}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Number):
        return json.loads(value)
    return value


def refuse_surrogates(texts: Iterable[str], where: str) -> None:
    """Raise HeldBackError when a text cannot be stored as UTF-8 (half of a surrogate pair)."""
    for text in texts:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise HeldBackError("unencodable_text", f"{where} holds half a character") from None


def _text(text: str) -> str:
    return f'"{text.translate(ESCAPES)}"'


def _number(number: Number) -> str:
    if "." not in number or "e" in number.lower() or len(number.lstrip("-")) > EXACT_DIGITS + 1:
        return str(number)
    whole, _, fraction = number.partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


def _refuse_constant(name: str) -> NoReturn:
    raise HeldBackError("nonfinite_number", f"{name} is no JSON number")


# Made once: `json.loads` would make one for each line.
_DECODER = json.JSONDecoder(
    parse_float=Number,
    parse_int=Number,
    parse_constant=_refuse_constant,
    object_pairs_hook=Object,
)


def _refuse_depth(text: str, limit: int) -> None:
    if text.count("[") + text.count("{") <= limit:
        return
    depth = 0
    for mark in MARKS.finditer(text):
        sign = mark.group()
        if sign in "[{":
            depth += 1
            if depth > limit:
                raise HeldBackError("too_deep", f"nested deeper than {limit} at {mark.start()}")
        elif sign in "]}":
            depth -= 1
