"""Put masks into a RECORD message, by its contract's classification.

Shown is what is proved harmless, not hidden what is known to be harmful: a value stands only under
the exact name of a column that the contract does not classify as personal, in the type that it
declares. So a key in other case, a nested value, a repeated key or a shifted column shows nothing.
"""

import re
from collections.abc import Iterator
from typing import Any

from contracts import Column, Contract, Table
from warehouse.landing.shape import DELETED_AT
from warehouse.landing.strict_json import Number, Object

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
TIME = re.compile(r"[0-9TtZz:+. -]{1,40}")
# A personal text that stands in another value of the record as well is masked there too; shorter
# ones (a country, a size) stand everywhere.
ECHO_CHARACTERS = 4


class Mask(str):
    """Stands in the place of a value that is not shown."""

    __slots__ = ()


class Masker:
    """Masks one message; `hidden` counts the values and names that it did not show."""

    def __init__(self, contract: Contract, table: Table) -> None:
        self.hidden = 0
        self._echoes: set[str] = set()
        self._columns = {column.name: column for column in table.columns}
        self._has_personal = any(column.is_personal for column in table.columns)
        # Inside a JSON column a key that is a personal column's elsewhere is personal as well.
        self._personal = {
            column.name.casefold()
            for each in contract.tables
            for column in each.columns
            if column.is_personal
        }

    def message(self, message: Object) -> Object:
        """Return the message with masks in it."""
        masked = Object((self._key(name), self._part(name, value)) for name, value in message)
        echoed: Object = self._without_echoes(masked)
        return echoed

    def _part(self, name: str, value: Any) -> Any:
        if name == "record" and isinstance(value, Object):
            return Object((self._key(key), self._value(key, part)) for key, part in value)
        is_known = (
            name in ("type", "stream")  # compared with what they must be before
            or (name == "time_extracted" and _is_time(value))
            or (name == "version" and isinstance(value, Number))
        )
        return value if is_known else self._hide(value, "not a message's")

    def _value(self, name: str, value: Any) -> Any:
        column = self._columns.get(name)
        if value is None or (name == DELETED_AT and _is_time(value)):
            return value
        if column is None:
            if name.casefold() in self._personal:
                self._echoes.update(_texts(value))
            return self._hide(value, "not in the contract")
        if column.is_personal:
            self._echoes.update(_texts(value))
            return self._hide(value, str(column.classification))
        if _is_nested(value):
            is_declared = column.physical_type == "JSON"
            return self._nested(value) if is_declared else self._hide(value, "nested")
        # What stands in the wrong column may be any column's value.
        if self._has_personal and not _fits(value, column):
            return self._hide(value, f"not {column.logical_type}")
        return value

    def _nested(self, value: Any) -> Any:
        match value:
            case Object():
                return Object((self._key(name), self._inner(name, part)) for name, part in value)
            case list():
                return [self._nested(part) for part in value]
            case _:
                return self._hide(value, "nested") if _is_nested(value) else value

    def _inner(self, name: str, value: Any) -> Any:
        if name.casefold() in self._personal:
            self._echoes.update(_texts(value))
            return self._hide(value, "personal")
        return self._nested(value)

    def _hide(self, value: Any, why: str) -> Any:
        if value is None:
            return None
        self.hidden += 1
        return Mask(f"<{_kind(value)}: {why}>")

    def _key(self, name: str) -> str:
        if name in self._columns or WORD.fullmatch(name):
            return name
        self.hidden += 1
        return Mask("<a name>")

    def _without_echoes(self, value: Any) -> Any:
        match value:
            case Mask() | None | bool():
                return value
            case Object():
                return Object((name, self._without_echoes(part)) for name, part in value)
            case list():
                return [self._without_echoes(part) for part in value]
            case _:
                text = str(value).casefold()
                is_echo = any(echo in text for echo in self._echoes)
                return self._hide(value, "as a personal one") if is_echo else value


def _texts(value: Any) -> Iterator[str]:
    match value:
        case Object():
            for _, part in value:
                yield from _texts(part)
        case list():
            for part in value:
                yield from _texts(part)
        case str() if len(value) >= ECHO_CHARACTERS:
            yield value.casefold()


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case Number():
            return "number"
        case str():
            return "string"
        case Object():
            return "object"
        case _:
            return "array"


def _fits(value: Any, column: Column) -> bool:
    match column.logical_type:
        case "integer" | "number":
            return isinstance(value, Number)
        case "boolean":
            return isinstance(value, bool)
        case "timestamp" | "date" | "time":
            return _is_time(value)
        case "string":
            return isinstance(value, str) and not isinstance(value, Number)
        case _:
            return True


def _is_nested(value: Any) -> bool:
    """Say whether a value holds others, also when it is JSON written into a text."""
    return isinstance(value, Object | list) or (
        isinstance(value, str) and value.lstrip().startswith(("{", "["))
    )


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and bool(TIME.fullmatch(value))
