"""The rules of a table: those its columns imply and those its ``quality`` blocks declare.

Whatever could not be enforced is a problem when the contract is read, so that no rule is ever
silently skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

from contracts.document import Place, choices
from contracts.model import Column, Rule, Table
from contracts.policy import BLOCK, OF_ONE_ROW, QUARANTINE, WARN, Holding

Say = Callable[[Place, str], None]
DIMENSIONS = ("accuracy", "completeness", "conformity", "consistency", "coverage", "timeliness",
              "uniqueness")  # fmt: skip
SEVERITIES = ("error", "warning")
COMPARATORS = ("mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo",
               "mustBeLessThan", "mustBeLessOrEqualTo", "mustBeBetween",
               "mustNotBeBetween")  # fmt: skip
METRICS: Mapping[str, tuple[str, ...]] = {
    "nullValues": (),
    "missingValues": ("missingValues",),
    "invalidValues": ("validValues", "pattern"),
    "duplicateValues": ("properties",),
    "rowCount": (),
}
UNITS = ("rows", "percent")
TYPES = ("library", "sql", "custom", "text")
PROPERTIES = ("mend", "column", "policy")
OWN = {"object": "table", "table": "table", "property": "column", "column": "column"}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
PLACEHOLDER = re.compile(r"\$?\{([A-Za-z_.]+)\}")


def derived(table: Table) -> Iterator[Rule]:
    """Yield the rules that a table's name, key and columns imply: errors, if no policy warns."""

    def rule(kind: str, dimension: str, column: Column | None = None, **arguments: Any) -> Rule:
        name = f"{column.name if column else table.name}.{kind}"
        policy = column.policy if column and column.policy and kind in OF_ONE_ROW else BLOCK
        return Rule(name, kind, table.name, column.name if column else None, dimension,
                    "warning" if policy == WARN else "error", arguments=arguments,
                    policy=policy)  # fmt: skip

    yield rule("exists", "coverage")
    if table.primary_key:
        yield rule("primary_key", "uniqueness", properties=list(table.primary_key))
    for column in table.columns:
        yield rule("type", "conformity", column)
        if column.required:
            yield rule("required", "completeness", column)
        for option, value in column.options.items():
            yield rule(option, "conformity", column, value=value)
        if column.unique:
            yield rule("unique", "uniqueness", column)
        if column.references:
            yield rule("references", "consistency", column, to=column.references)


class Declared:
    """Reads the ``quality`` blocks of one table and its columns."""

    def __init__(self, table: Table, others: Collection[str], say: Say, holding: Holding) -> None:
        self.table = table
        self.holding = holding
        self.others = others
        self.say = say

    def rules(self, blocks: Sequence[dict[str, Any]], column: str | None, place: Place
              ) -> Iterator[Rule]:  # fmt: skip
        """Yield a rule a block; ``type: text`` is documentation for people and yields none."""
        for index, block in enumerate(blocks):
            at = (*place, "quality", index)
            kind = str(block.get("type", "library"))
            if kind not in TYPES:
                self.say((*at, "type"), f"'{kind}' is none. {choices(kind, TYPES)}")
            elif kind != "text":
                yield self.rule(block, kind, column, at)

    def rule(self, block: dict[str, Any], kind: str, column: str | None, at: Place) -> Rule:
        for key, valid in (("dimension", DIMENSIONS), ("severity", SEVERITIES)):
            if block.get(key) not in valid:
                what = f"{block[key]!r} is none." if key in block else "is missing."
                text = f"{what} {choices(block.get(key), valid)}"
                self.say((*at, key), text)
        custom = self.custom(block, at)
        name = str(block.get("name") or (block.get("metric") if kind == "library" else ""))
        if not NAME.fullmatch(name):
            self.say((*at, "name"), "a rule needs a name, of letters, digits and _: its id.")
        comparator = self.comparator(block, kind, at)
        if kind == "library":
            kind = self.metric(block, column, at)
        elif kind == "sql":
            self.query(block, column, at)
        else:
            kind = self.expectation(block, at)
        policy = self.holding.read(custom.get("policy"), str(block.get("severity")), at)
        if policy == QUARANTINE:
            self.holding.check(kind, comparator, block.get("query"), at)
        return Rule(
            id=f"{column or self.table.name}.{name}",
            kind=kind,
            table=self.table.name,
            column=column or custom.get("column"),
            dimension=str(block.get("dimension")),
            severity=str(block.get("severity")),
            comparator=comparator,
            unit=str(block.get("unit", "rows")),
            arguments=block.get("implementation") or block.get("arguments") or {},
            query=block.get("query"),
            description=str(block.get("description") or ""),
            mend=custom.get("mend"),
            policy=policy,
        )

    def comparator(self, block: dict[str, Any], kind: str, at: Place) -> tuple[str, Any]:
        given = [(key, block[key]) for key in COMPARATORS if key in block]
        if kind == "custom":
            return "mustBe", 0
        if len(given) != 1:
            self.say(at, f"needs exactly one comparator of: {', '.join(COMPARATORS)}.")
            return "mustBe", 0
        key, value = given[0]
        numbers = value if key.endswith("Between") and isinstance(value, list) else [value]
        if len(numbers) != (2 if key.endswith("Between") else 1) or not all(
            isinstance(n, int | float) and not isinstance(n, bool) for n in numbers
        ):
            self.say((*at, key), "must be a number, or two for a range.")
        if block.get("unit", "rows") not in UNITS or (kind == "sql" and "unit" in block):
            self.say((*at, "unit"), f"is not used here. Valid for a metric: {', '.join(UNITS)}.")
        return key, value

    def metric(self, block: dict[str, Any], column: str | None, at: Place) -> str:
        metric = str(block.get("metric"))
        if metric not in METRICS:
            self.say((*at, "metric"), f"'{metric}' is none. {choices(metric, list(METRICS))}")
            return metric
        arguments = block.get("arguments") or {}
        valid = METRICS[metric]
        for key in arguments:
            if key not in valid:
                text = f"'{metric}' has no such argument. Valid: {', '.join(valid) or 'none'}."
                self.say((*at, "arguments", key), text)
        if metric in ("missingValues", "invalidValues") and not arguments:
            self.say(at, f"'{metric}' needs arguments: {' or '.join(valid)}.")
        for key in ("validValues", "missingValues", "properties"):
            if key in arguments and not (isinstance(arguments[key], list) and arguments[key]):
                self.say((*at, "arguments", key), "must be a list that is not empty.")
            elif any(isinstance(value, list | dict) for value in arguments.get(key) or []):
                self.say((*at, "arguments", key), "must be a list of single values.")
        if (metric == "rowCount") == (column is not None) and metric != "duplicateValues":
            self.say(at, f"'{metric}' belongs to a {'table' if column else 'column'}.")
        named = arguments.get("properties")
        listed = named if isinstance(named, list) else []
        if metric == "duplicateValues" and not column and not listed:
            self.say(at, "'duplicateValues' of a table needs arguments: properties.")
        self.columns(listed, (*at, "arguments", "properties"))
        return metric

    def query(self, block: dict[str, Any], column: str | None, at: Place) -> None:
        def name(match: re.Match[str]) -> str:
            word = match[1]
            valid = [*OWN, *self.others]
            if word not in valid:
                text = f"{match[0]} stands for nothing. {choices(word, valid)}"
                self.say((*at, "query"), text)
            if OWN.get(word) == "column" and not column:
                self.say((*at, "query"), f"{match[0]} is for a rule of a column.")
            return f'"{word}"'

        text = PLACEHOLDER.sub(name, str(block.get("query")))
        try:
            statements = duckdb.extract_statements(text)
        except duckdb.Error as error:
            self.say((*at, "query"), f"is no SQL: {str(error).splitlines()[0]}.")
            return
        if [s.type for s in statements] != [duckdb.StatementType.SELECT]:
            self.say((*at, "query"), "must be one SELECT.")

    def expectation(self, block: dict[str, Any], at: Place) -> str:
        engine, wanted = block.get("engine"), block.get("implementation")
        if engine != "greatExpectations":
            text = f"'{engine}' does not run here. Valid: greatExpectations."
            self.say((*at, "engine"), text)
        if not isinstance(wanted, dict) or set(wanted) != {"type", "kwargs"}:
            self.say((*at, "implementation"), "must be a mapping of type and kwargs.")
        elif not isinstance(wanted["kwargs"], dict):
            self.say((*at, "implementation", "kwargs"), "must be a mapping of arguments.")
        elif wanted["type"] not in (known := _expectations()):
            text = f"there is no '{wanted['type']}'. {choices(wanted['type'], known)}"
            self.say((*at, "implementation", "type"), text)
        else:
            column = wanted["kwargs"].get("column")
            self.columns([column] if column else [], (*at, "implementation", "kwargs"))
        return "greatExpectations"

    def custom(self, block: dict[str, Any], at: Place) -> dict[str, str]:
        values: dict[str, str] = {}
        for index, item in enumerate(block.get("customProperties") or []):
            place = (*at, "customProperties", index)
            key = str(item.get("property"))
            if key not in PROPERTIES or key in values:
                text = f"'{key}' is none, or twice. {choices(key, PROPERTIES)}"
                self.say((*place, "property"), text)
            values[key] = str(item.get("value"))
        self.columns([values["column"]] if "column" in values else [], at)
        return values

    def columns(self, names: Sequence[Any], place: Place) -> None:
        valid = [column.name for column in self.table.columns]
        for name in names:
            if name not in valid:
                text = f"'{self.table.name}' has no column '{name}'. {choices(name, valid)}"
                self.say(place, text)


def _expectations() -> list[str]:
    """List GX's expectations by their files: importing GX takes four seconds."""
    spec = find_spec("great_expectations")
    if spec is None or spec.origin is None:
        return []
    core = Path(spec.origin).parent / "expectations" / "core"
    return sorted(path.stem for path in core.glob("expect_*.py"))
