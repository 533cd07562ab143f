"""What a rule promises, in a sentence for whoever reads what became of it."""

from __future__ import annotations

from contracts.model import Rule, Table
from contracts.verdict import wanted

# Where a contract allows some rows to break a rule, these are what is counted.
_COUNTED = {
    "nullValues": "Rows without a value",
    "missingValues": "Rows with a value that stands for none",
    "invalidValues": "Rows with a value that is not allowed",
    "duplicateValues": "Values that occur more than once",
    "rowCount": "Rows",
}
_LIMITS = {
    "minimum": "At least {}.",
    "maximum": "At most {}.",
    "exclusiveMinimum": "More than {}.",
    "exclusiveMaximum": "Less than {}.",
    "minLength": "At least {} characters.",
    "maxLength": "At most {} characters.",
    "pattern": "Matches {}.",
}


def promise(rule: Rule, table: Table) -> str:
    """Say what must hold: the contract's own words, else what the declaration means."""
    if rule.description:
        return rule.description
    arguments = rule.arguments
    match rule.kind:
        case "exists":
            return "The table is there."
        case "type":
            return f"Is {table.column(str(rule.column)).physical_type}."
        case "required":
            return "Every row has one."
        case "primary_key" | "unique":
            listed = arguments.get("properties") or [rule.column]
            return f"No two rows have the same {', '.join(map(str, listed))}."
        case "references":
            return f"Each value is one of {'.'.join(map(str, arguments['to']))}."
        case "greatExpectations":
            given = ", ".join(f"{name}={value}" for name, value in arguments["kwargs"].items())
            return f"{arguments['type']}({given})."
        case "sql":
            return "No row breaks it."
        case kind if kind in _LIMITS:
            return _LIMITS[kind].format(arguments["value"])
        case "invalidValues" if rule.comparator == ("mustBe", 0) and set(arguments) == {
            "validValues"
        }:
            return f"One of {', '.join(map(str, arguments['validValues']))}."
        case kind:
            given = "; ".join(f"{name}: {value}" for name, value in arguments.items())
            return f"{_COUNTED[kind]}: {wanted(rule)}{f' ({given})' if given else ''}."
