"""JSON Schema for Singer SCHEMA messages, with the exact SQL type of each column."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contracts.model import Column

DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def schema(columns: Iterable[Column]) -> dict[str, Any]:
    """Describe columns for a Singer SCHEMA message.

    ``required`` lists the required columns, whose types exclude null; every property carries its
    DuckDB type as ``x-sql-datatype``. Limits and patterns are left out on purpose: a row that
    breaks a rule is landed and judged; only one that does not fit its type is quarantined.
    """
    listed = list(columns)
    return {
        "type": "object",
        "properties": {column.name: _property(column) for column in listed},
        "required": [column.name for column in listed if column.required],
    }


def _property(column: Column) -> dict[str, Any]:
    kind, details = _type(column)
    return {
        "type": [kind] if column.required else [kind, "null"],
        **details,
        "x-sql-datatype": column.physical_type,
    }


def _type(column: Column) -> tuple[str, dict[str, Any]]:
    match column.logical_type:
        case "timestamp":
            return "string", {"format": "date-time"}
        case "date" | "time":
            return "string", {"format": column.logical_type}
        case "number":
            decimal = DECIMAL.fullmatch(column.physical_type)
            # float("1e-6") prints as a literal that Decimal reads back exactly.
            step = {"multipleOf": float(f"1e-{decimal[2]}")} if decimal else {}
            return "number", step
        case "string" if column.physical_type == "BLOB":
            return "string", {"contentEncoding": "base64"}
        case kind:
            return kind, {}
