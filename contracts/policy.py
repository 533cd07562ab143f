"""What becomes of rows that break a rule: they block, they are held apart, or one is warned.

A rule of policy `quarantine` holds only the rows that break it. They stay where they landed, and
models do not see them until source or contract is mended; the rest goes on. That needs rows which
can be told apart by their table's key, so what cannot be held so is refused when it is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts.document import Place, choices

BLOCK, QUARANTINE, WARN = "block", "quarantine", "warn"
POLICIES = (BLOCK, QUARANTINE, WARN)
# Percent of a table's rows that may be held before the table as a whole is not to be trusted.
HELD_AT_MOST = 5.0
# Rules that say of one row alone, or of where it leads, whether it is right.
OF_ONE_ROW = frozenset(
    {"required", "nullValues", "missingValues", "invalidValues", "pattern", "references"}
    | {"minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
)
_LIMITS = ("mustBeLessThan", "mustBeLessOrEqualTo")
_PARTS = ("expressions", "from_", "where")


@dataclass(frozen=True)
class Holding:
    """Whether a table can hold rows: a source's, with a key; tells of what cannot be held."""

    is_source: bool
    has_key: bool
    say: Callable[[Place, str], None]

    def read(self, value: str | None, severity: str, place: Place) -> str:
        """Read a rule's policy; without one its severity says it: error blocks, warning warns."""
        implied = WARN if severity == "warning" else BLOCK
        if value is None:
            return implied
        if value not in POLICIES:
            self.say(place, f"'{value}' is no policy. {choices(value, POLICIES)}")
        elif (value == WARN) != (implied == WARN):
            self.say(place, f"policy {value} does not go with severity {severity}.")
        return value

    def check(self, kind: str, comparator: tuple[str, Any], query: str | None, at: Place) -> None:
        """Say what keeps the rows that break a rule of policy quarantine from being held."""
        if not self.is_source:
            self.say(at, "rows are held where they come in: policy quarantine is for sources.")
        elif not self.has_key:
            self.say(at, "policy quarantine needs a primaryKey, by which rows are held.")
        elif kind == "sql" and not _counts_own_rows(str(query)):
            text = "SELECT count(*) FROM {object} WHERE …"
            self.say(at, f"policy quarantine needs a query that counts the table's rows: {text}")
        elif kind != "sql" and kind not in OF_ONE_ROW:
            self.say(at, f"no single row breaks a rule of kind {kind}: quarantine is not for it.")
        elif comparator != ("mustBe", 0) and comparator[0] not in _LIMITS:
            text = f"by {' or '.join(_LIMITS)}; mustBe: 0 stands for {HELD_AT_MOST:g} percent"
            self.say(at, f"how many rows may be held is said {text}.")


def _counts_own_rows(query: str) -> bool:
    """Whether the rows that a query counts are rows of the rule's table, and of no other."""
    import sqlglot  # here, because taps read contracts too, and it takes 0.3 s
    from sqlglot import exp

    from contracts.queries import COUNT
    from contracts.rules import OWN, PLACEHOLDER

    text = PLACEHOLDER.sub(lambda match: f'"{OWN.get(match[1], "other")}"', query)
    try:
        select = sqlglot.parse_one(text, dialect="duckdb")
    except sqlglot.ParseError:
        return False  # what is no SQL is refused as such
    if not isinstance(select, exp.Select) or not COUNT.match(text):
        return False
    source = select.args["from_"].this
    is_plain = {part for part, given in select.args.items() if given} <= {*_PARTS}
    is_own = isinstance(source, exp.Table) and source.name == "table"
    return is_plain and is_own and {k for k, v in source.args.items() if v} <= {"this", "alias"}
