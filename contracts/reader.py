"""Read contracts: from an ODCS file to tables, columns and rules, or a clear refusal."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from contracts.columns import SUFFIX, Columns
from contracts.document import Document, Place, choices, load, refuse
from contracts.errors import ContractError
from contracts.model import Contract, Rule, Table
from contracts.policy import OF_ONE_ROW, QUARANTINE, Holding
from contracts.promises import promises
from contracts.rules import Declared, derived

LAYERS = ("sources", "canonical", "decisions")
RELEASED = LAYERS[:2]  # what a release stands on: decisions are judged after it
LOAD_METHODS = ("upsert", "append-only", "overwrite")
TABLE_PROPERTIES = ("fed", "loadMethod", "replicationKey")


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
        self.columns = Columns(document, self.say)

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
            self.columns.name(data, names, place)
            columns = tuple(self.columns.read(data.get("properties") or [], place))
            if not columns:
                self.say(place, "a table needs properties, its columns.")
            custom = self.custom(data, place, [c.name for c in columns])
            yield Table(
                name=names[index],
                columns=columns,
                primary_key=self.columns.key(data.get("properties") or [], place),
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
        is_source = self.document.path.parent.name == "sources"
        holding = Holding(is_source, bool(table.primary_key), self.say)
        declared = Declared(table, others, self.say, holding)
        listed = list(derived(table))
        self.held(table, listed, holding, place)
        listed += declared.rules(data.get("quality") or [], None, place)
        for at, column in enumerate(data.get("properties") or []):
            blocks = column.get("quality") or []
            listed += declared.rules(blocks, str(column.get("name")), (*place, "properties", at))
        listed += [rule for rule in promised if rule.table == table.name]
        for name, times in Counter(rule.id for rule in listed).items():
            if times > 1 and not name.endswith("."):  # of one without a name that is said already
                self.say(place, f"the rule '{name}' is there {times} times; name them apart.")
        yield from listed

    def held(self, table: Table, implied: list[Rule], holding: Holding, place: Place) -> None:
        """Look at the policies of columns: each must be for a rule that its declaration makes."""
        for index, column in enumerate(table.columns):
            if column.policy is None:
                continue
            at = (*place, "properties", index, "customProperties")
            mine = [r for r in implied if r.column == column.name and r.kind in OF_ONE_ROW]
            if not mine:
                self.say(at, "a policy needs something that a row may break: required, a pattern …")
            for rule in mine[:1] if column.policy == QUARANTINE else ():
                holding.check(rule.kind, rule.comparator, None, at)

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
