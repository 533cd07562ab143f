"""Read contracts: from an ODCS file to tables, columns and rules, or a clear refusal."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from contracts.document import Document, Place, choices, load, refuse
from contracts.errors import ContractError
from contracts.model import Column, Contract, Rule, Table
from contracts.promises import promises
from contracts.rules import Declared, derived
from contracts.singer import DECIMAL

LAYERS = ("sources", "canonical", "decisions")
RELEASED = LAYERS[:2]  # what a release stands on: decisions are judged after it
SUFFIX = ".odcs.yaml"
NAME = re.compile(r"[a-z][a-z0-9_]*")
CLASSES = ("public", "internal", "confidential", "restricted")
LOAD_METHODS = ("upsert", "append-only", "overwrite")
TABLE_PROPERTIES = ("fed", "loadMethod", "replicationKey")
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


def read(name: str, directory: Path | None = None) -> Contract:
    """Read one contract by name, such as ``sources/erp`` or ``canonical/product``.

    The directory is the one given, else the environment's ``CROSSDOCK_CONTRACTS``, else this
    package's. Raises ``ContractError`` with file, line, path and the valid choices.
    """
    home = directory_of(directory)
    path = home / f"{name}{SUFFIX}"
    if name not in (known := _names(home)):
        raise ContractError(f"There is no contract '{name}' in {home}. {choices(name, known)}")
    return _Reader(load(path)).contract()


def read_all(layer: str | None = None, directory: Path | None = None) -> tuple[Contract, ...]:
    """Read every contract of a layer, or of those that a release stands on, in order of name."""
    if layer is not None and layer not in LAYERS:
        raise ContractError(f"There is no layer '{layer}'. {choices(layer, LAYERS)}")
    home = directory_of(directory)
    wanted = RELEASED if layer is None else (layer,)
    names = [n for n in _names(home) if n.partition("/")[0] in wanted]
    if not names:
        raise ContractError(f"There are no contracts (*{SUFFIX}) for {layer or LAYERS} in {home}.")
    problems: list[str] = []
    contracts: list[Contract] = []
    for name in names:
        try:
            contracts.append(read(name, home))
        except ContractError as error:
            problems.append(str(error))
    refuse(problems)
    return tuple(contracts)


def directory_of(directory: Path | None) -> Path:
    """Return the folder of contracts: the one given, the environment's, else this package's."""
    return directory or Path(os.environ.get("CROSSDOCK_CONTRACTS") or Path(__file__).parent)


def _names(home: Path) -> list[str]:
    return [
        f"{layer}/{path.name.removesuffix(SUFFIX)}"
        for layer in LAYERS
        for path in sorted((home / layer).glob(f"*{SUFFIX}"))
    ]


class _Reader:
    """Reads one document; gathers every problem before it refuses."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[str] = []

    def say(self, place: Place, text: str) -> None:
        self.problems.append(self.document.problem(place, text))

    def contract(self) -> Contract:
        data, path = self.document.data, self.document.path
        name = str(data.get("name"))
        if name != path.name.removesuffix(SUFFIX):
            wanted = path.name.removesuffix(SUFFIX)
            what = f"'{name}'" if "name" in data else "is missing; it"
            self.say(("name",), f"{what} must be the file's name, '{wanted}'.")
        if data.get("domain") != path.parent.name:
            self.say(("domain",), f"must be the folder's name, '{path.parent.name}'.")
        team = data.get("team")
        owner = team.get("name") if isinstance(team, dict) else None
        support = data.get("support") or [{}]
        if not owner or not support[0].get("channel"):
            self.say((), "an owner (team.name) and a support channel are required.")
        if not data.get("schema"):
            self.say((), "a contract needs at least one table under schema.")
        bare = list(self.tables(data.get("schema") or []))
        slas = data.get("slaProperties") or []
        promised = list(promises(slas, bare, path.parent.name, self.say)) if bare else []
        tables = tuple(
            replace(table, rules=tuple(self.rules(table, index, bare, promised)))
            for index, table in enumerate(bare)
        )
        refuse(self.problems)
        return Contract(
            name=name,
            layer=path.parent.name,
            version=str(data["version"]),
            owner=str(owner),
            channel=str(support[0]["channel"]),
            description=str((data.get("description") or {}).get("purpose") or ""),
            tables=tables,
            path=path,
            tags=tuple(str(tag) for tag in data.get("tags") or ()),
            status=str(data.get("status")),
        )

    def tables(self, listed: list[dict[str, Any]]) -> Iterator[Table]:
        names = [str(t.get("name")) for t in listed]
        for index, data in enumerate(listed):
            place: Place = ("schema", index)
            self.name(data, names, place)
            columns = tuple(self.columns(data.get("properties") or [], place))
            if not columns:
                self.say(place, "a table needs properties, its columns.")
            custom = self.custom(data, place, [c.name for c in columns])
            yield Table(
                name=names[index],
                columns=columns,
                primary_key=self.key(data.get("properties") or [], place),
                replication_key=custom.get("replicationKey"),
                append_only=custom.get("loadMethod") == "append-only",
                description=str(data.get("description") or ""),
                fed=custom.get("fed") != "false",
            )

    def rules(
        self, table: Table, index: int, tables: list[Table], promised: list[Rule]
    ) -> Iterator[Rule]:
        data, place = self.document.data["schema"][index], ("schema", index)
        others = {t.name for t in tables}
        if self.document.path.parent.name != "sources":
            others |= {p.name.removesuffix(SUFFIX) for p in self.document.path.parent.glob("*")}
        declared = Declared(table, others, self.say)
        listed = [*derived(table), *declared.rules(data.get("quality") or [], None, place)]
        for at, column in enumerate(data.get("properties") or []):
            blocks = column.get("quality") or []
            listed += declared.rules(blocks, str(column.get("name")), (*place, "properties", at))
        listed += [rule for rule in promised if rule.table == table.name]
        for name, times in Counter(rule.id for rule in listed).items():
            if times > 1 and not name.endswith("."):  # of one without a name that is said already
                self.say(place, f"the rule '{name}' is there {times} times; name them apart.")
        yield from listed

    def columns(self, listed: list[dict[str, Any]], place: Place) -> Iterator[Column]:
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
            )

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

    def custom(self, data: dict[str, Any], place: Place, columns: list[str]) -> dict[str, str]:
        values: dict[str, str] = {}
        for index, item in enumerate(data.get("customProperties") or []):
            at = (*place, "customProperties", index)
            name, given = str(item.get("property")), item.get("value")
            value = str(given).lower() if isinstance(given, bool) else str(given)
            valid = {
                "replicationKey": columns,
                "loadMethod": list(LOAD_METHODS),
                "fed": ["true", "false"],
            }.get(name)
            if valid is None or name in values:
                text = f"'{name}' is none here, or twice. {choices(name, TABLE_PROPERTIES)}"
                self.say((*at, "property"), text)
            elif value not in valid:
                self.say((*at, "value"), f"'{value}' is no {name}. {choices(value, valid)}")
            values[name] = value
        return values

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
