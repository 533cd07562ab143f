"""Read the columns of a contract's tables: names, types, keys, where they lead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from contracts.document import Document, Place, choices, load
from contracts.model import Column
from contracts.policy import POLICIES
from contracts.singer import DECIMAL

SUFFIX = ".odcs.yaml"
NAME = re.compile(r"[a-z][a-z0-9_]*")
CLASSES = ("public", "internal", "confidential", "restricted")
TYPES = {
    "string": ("VARCHAR", "BLOB"),
    "integer": ("BIGINT",),
    "number": ("DECIMAL(p,s)", "DOUBLE"),
    "boolean": ("BOOLEAN",),
    "timestamp": ("TIMESTAMPTZ", "TIMESTAMP"),
    "date": ("DATE",),
    "time": ("TIME",),
    "object": ("JSON",),
    "array": ("JSON",),
}
_LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
OPTIONS = {
    "string": ("pattern", "minLength", "maxLength"),
    "integer": _LIMITS,
    "number": _LIMITS,
}


@dataclass(frozen=True)
class Columns:
    """Reads the columns of a document's tables; `say` is told of every problem."""

    document: Document
    say: Callable[[Place, str], None]

    def read(self, listed: list[dict[str, Any]], place: Place) -> Iterator[Column]:
        names = [str(c.get("name")) for c in listed]
        for index, data in enumerate(listed):
            at = (*place, "properties", index)
            self.name(data, names, at)
            self.type(data, at)
            kind = data.get("classification")
            if kind is not None and kind not in CLASSES:
                self.say((*at, "classification"), f"'{kind}' is none. {choices(kind, CLASSES)}")
            yield Column(
                name=names[index],
                physical_type=str(data.get("physicalType")),
                logical_type=str(data.get("logicalType")),
                required=bool(data.get("required")) or bool(data.get("primaryKey")),
                primary_key=bool(data.get("primaryKey")),
                options=dict(data.get("logicalTypeOptions") or {}),
                classification=kind,
                description=str(data.get("description") or ""),
                references=self.reference(data, at),
                unique=bool(data.get("unique")),
                policy=self.policy(data, at),
            )

    def policy(self, data: dict[str, Any], place: Place) -> str | None:
        given = data.get("customProperties") or []
        for index, item in enumerate(given):
            at = (*place, "customProperties", index)
            name, value = str(item.get("property")), str(item.get("value"))
            if name != "policy" or index:
                self.say((*at, "property"), f"'{name}' is none here, or twice. Valid: policy.")
            elif value not in POLICIES:
                self.say((*at, "value"), f"'{value}' is no policy. {choices(value, POLICIES)}")
        return str(given[0].get("value")) if given else None

    def name(self, data: dict[str, Any], siblings: list[str], place: Place) -> None:
        name = str(data.get("name"))
        if not NAME.fullmatch(name):
            self.say((*place, "name"), f"'{name}' must be lower case letters, digits and _.")
        if siblings.count(name) > 1:
            self.say((*place, "name"), f"'{name}' is there twice; names are unique.")

    def type(self, data: dict[str, Any], place: Place) -> None:
        logical, physical = str(data.get("logicalType")), str(data.get("physicalType"))
        if logical not in TYPES:
            self.say((*place, "logicalType"), f"'{logical}' is none. {choices(logical, [*TYPES])}")
            return
        is_decimal = "DECIMAL(p,s)" in TYPES[logical] and DECIMAL.fullmatch(physical)
        if (physical not in TYPES[logical] and not is_decimal) or physical == "DECIMAL(p,s)":
            what = f"'{physical}' does not hold" if "physicalType" in data else "is missing for"
            text = f"{what} {logical}. Valid: {', '.join(TYPES[logical])}."
            self.say((*place, "physicalType"), text)
        valid = OPTIONS.get(logical, ())
        for option, value in (data.get("logicalTypeOptions") or {}).items():
            at = (*place, "logicalTypeOptions", option)
            if option not in valid:
                text = f"is not enforced for {logical}. Valid: {', '.join(valid) or 'none'}."
                self.say(at, text)
            elif option == "pattern":
                self.pattern(value, at)

    def pattern(self, value: object, place: Place) -> None:
        try:
            re.compile(str(value))
        except re.error as error:
            self.say(place, f"is no regular expression: {error}.")

    def key(self, listed: list[dict[str, Any]], place: Place) -> tuple[str, ...]:
        keyed = [(c.get("primaryKeyPosition"), str(c.get("name"))) for c in listed
                 if c.get("primaryKey")]  # fmt: skip
        for index, column in enumerate(listed):
            if not column.get("primaryKey") and column.get("primaryKeyPosition", -1) != -1:
                at = (*place, "properties", index, "primaryKeyPosition")
                self.say(at, "is for columns with primaryKey: true; others have none, or -1.")
        positions = [p for p, _ in keyed]
        if len(keyed) == 1 and positions == [None]:
            positions = [1]
        if sorted(positions, key=str) != sorted(range(1, len(keyed) + 1), key=str):
            self.say(place, f"primaryKeyPosition must count from 1, not {positions}.")
            return tuple(name for _, name in keyed)
        order = {name: p for p, (_, name) in zip(positions, keyed, strict=True)}
        return tuple(sorted(order, key=lambda n: order[n] or 0))

    def reference(self, data: dict[str, Any], place: Place) -> tuple[str, str] | None:
        listed = data.get("relationships") or []
        if not listed:
            return None
        at = (*place, "relationships", 0)
        if len(listed) > 1:
            self.say((*place, "relationships"), "one a column; write more as sql rules.")
        if (kind := listed[0].get("type", "foreignKey")) != "foreignKey":
            self.say((*at, "type"), f"'{kind}' is not enforced. Valid: foreignKey.")
        if not isinstance(to := listed[0].get("to"), str):
            self.say((*at, "to"), "leads to one column, 'table.column'; write more as a sql rule.")
            return None
        table, _, column = to.partition(".")
        targets = {str(t.get("name")): t for t in self.document.data.get("schema") or []}
        other = self.document.path.parent / f"{table}{SUFFIX}"
        if table not in targets and NAME.fullmatch(table) and other.is_file():
            targets = {str(t.get("name")): t for t in load(other).data.get("schema") or []}
        if table not in targets:
            text = f"leads to no table '{table}' of this contract or layer."
            self.say(at, f"{text} {choices(table, sorted(targets))}")
            return None
        columns = [str(c.get("name")) for c in targets[table].get("properties") or []]
        if column not in columns:
            self.say(at, f"'{table}' has no column '{column}'. {choices(column, columns)}")
        return table, column
