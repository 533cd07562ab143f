"""Write a parsed message for a person: indented, each pair as it came, repeated keys as well."""

from collections.abc import Iterator
from typing import Any

from orchestration.cli.wording import printable
from warehouse.landing.strict_json import Object, dump

INDENT = "  "


def lines(value: Any, indent: str = "", lead: str = "", end: str = "") -> Iterator[str]:
    """Yield the lines of a value; `lead` is its key, `end` the comma after it."""
    inner = indent + INDENT
    match value:
        case Object() if value:
            yield f"{indent}{lead}{{"
            for number, (name, part) in enumerate(value, 1):
                comma = "," if number < len(value) else ""
                yield from lines(part, inner, f"{printable(dump(name))}: ", comma)
            yield f"{indent}}}{end}"
        case list() if value and not isinstance(value, Object):
            yield f"{indent}{lead}["
            for number, part in enumerate(value, 1):
                yield from lines(part, inner, "", "," if number < len(value) else "")
            yield f"{indent}]{end}"
        case _:
            yield f"{indent}{lead}{printable(dump(value))}{end}"
