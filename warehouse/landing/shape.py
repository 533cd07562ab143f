"""What a SCHEMA message says of a stream: its columns, their exact types, its keys."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from warehouse.landing.reasons import HeldBackError

BIGINT_MIN, BIGINT_MAX = -(2**63), 2**63 - 1
# Whole numbers up to here are exact in a double (IEEE 754 binary64).
DOUBLE_WHOLE = 2**53
MAX_PRECISION = 38
MAX_NAME_BYTES = 255
ALL_KINDS = frozenset({"string", "integer", "number", "boolean", "object", "array"})
TEXTS = frozenset({"string"})
NUMBERS = frozenset({"integer", "number"})

# Columns that the target adds; a record may carry only the first, a tap's mark of deletion.
DELETED_AT = "_sdc_deleted_at"
ROW_HASH = "_row_hash"
META = {
    "_sdc_extracted_at": "TIMESTAMPTZ",
    "_sdc_received_at": "TIMESTAMPTZ",
    "_sdc_batched_at": "TIMESTAMPTZ",
    DELETED_AT: "TIMESTAMPTZ",
    "_sdc_sequence": "BIGINT",
    "_sdc_table_version": "BIGINT",
    "_load_id": "VARCHAR",
    # Of a row's values; tells most changed rows without reading what is stored.
    ROW_HASH: "BIGINT",
}

# Names of columns that DuckLake keeps for itself, in any case of letters.
KEPT = frozenset(
    {
        "rowid",
        "row_id",
        "begin_snapshot",
        "end_snapshot",
        "_ducklake_internal_row_id",
        "_ducklake_internal_snapshot_id",
    }
)

DECIMAL = re.compile(r"(?:DECIMAL|NUMERIC)\((\d+),\s*(\d+)\)")
HINTS = {
    "VARCHAR": ("VARCHAR", TEXTS),
    "TEXT": ("VARCHAR", TEXTS),
    "BIGINT": ("BIGINT", NUMBERS),
    "INTEGER": ("BIGINT", NUMBERS),
    "SMALLINT": ("BIGINT", NUMBERS),
    "DOUBLE": ("DOUBLE", NUMBERS),
    "BOOLEAN": ("BOOLEAN", frozenset({"boolean"})),
    "TIMESTAMPTZ": ("TIMESTAMPTZ", TEXTS),
    "TIMESTAMP": ("TIMESTAMP", TEXTS),
    "DATE": ("DATE", TEXTS),
    "TIME": ("TIME", TEXTS),
    "BLOB": ("BLOB", TEXTS),
    "JSON": ("JSON", ALL_KINDS),
}


@dataclass(frozen=True)
class Column:
    """A column: the JSON kinds that it takes, its type in the lake, whether it must be there."""

    name: str
    sql_type: str
    kinds: frozenset[str]
    is_required: bool = False
    # JSON Schema's `required` asks for the key; null may still be a value of its type.
    takes_null: bool = True
    # A stored type that this one does not fit: only nulls may pass.
    conflict: str | None = None


DELETION = Column(DELETED_AT, "TIMESTAMPTZ", TEXTS)


@dataclass(frozen=True)
class Shape:
    """A stream's columns in order and its key columns."""

    stream: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        """The columns by their names."""
        return {column.name: column for column in self.columns}


def read_shape(stream: str, schema: Any, keys: Any, *, max_columns: int) -> Shape:
    """Derive a stream's shape from its JSON Schema; raise HeldBackError saying why not."""
    check_name(stream, "stream")
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not isinstance(properties, Mapping) or not properties:
        raise HeldBackError("invalid_schema", "the schema declares no properties")
    if len(properties) > max_columns:
        raise HeldBackError("too_large", f"{len(properties)} columns; at most {max_columns}")
    keys = [] if keys is None else keys
    if not isinstance(keys, Sequence) or isinstance(keys, str):
        raise HeldBackError("invalid_schema", "key_properties is no list")
    for key in keys:
        if not isinstance(key, str) or key not in properties:
            raise HeldBackError("invalid_schema", "key_properties names a property not declared")
    required = schema.get("required") or []
    if not isinstance(required, list):
        raise HeldBackError("invalid_schema", "required is no list")
    _check_names(properties)
    columns = tuple(
        _column(name, _flatten(declared, schema, 0), name in required)
        for name, declared in properties.items()
        if name != DELETED_AT
    )
    return Shape(stream, columns, tuple(dict.fromkeys(keys)))


def scale(column: Column) -> int:
    """Return the decimals of a DECIMAL column; 0 of any other."""
    fits = DECIMAL.fullmatch(column.sql_type)
    return int(fits[2]) if fits else 0


def check_name(name: str, what: str) -> None:
    """Raise HeldBackError unless `name` can be a quoted identifier."""
    try:
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        raise HeldBackError("name_invalid", f"the {what} name holds half a character") from None
    if not 0 < size <= MAX_NAME_BYTES or "\x00" in name:
        raise HeldBackError(
            "name_invalid", f"a {what} name has 1 to {MAX_NAME_BYTES} bytes and no NUL"
        )


def _check_names(properties: Mapping[str, Any]) -> None:
    seen: dict[str, str] = {name: name for name in META if name != DELETED_AT}
    for name in properties:
        check_name(name, "column")
        if name.lower() in KEPT:
            raise HeldBackError("name_invalid", f"DuckLake keeps the name {name!r} for itself")
        # DuckDB's identifiers are the same in upper and lower case.
        other = seen.setdefault(name.lower(), name)
        if other != name or (name in META and name != DELETED_AT):
            raise HeldBackError("name_collision", f"column {name!r} meets column {other!r}")


def _flatten(declared: Any, root: Mapping[str, Any], depth: int) -> list[Mapping[str, Any]]:
    """Return the alternatives that a property allows, references followed."""
    if depth > 16 or not isinstance(declared, Mapping):
        return [{}]
    reference = declared.get("$ref")
    if isinstance(reference, str):
        return _flatten(_follow(reference, root), root, depth + 1)
    for union in ("anyOf", "oneOf"):
        branches = declared.get(union)
        if isinstance(branches, list) and branches:
            return [flat for branch in branches for flat in _flatten(branch, root, depth + 1)]
    every = declared.get("allOf")
    if isinstance(every, list) and len(every) == 1:
        return _flatten(every[0], root, depth + 1)
    return [declared]


def _follow(reference: str, root: Mapping[str, Any]) -> Any:
    node: Any = root
    for part in reference.removeprefix("#/").split("/"):
        node = node.get(part) if isinstance(node, Mapping) else None
    return node


def _column(name: str, alternatives: list[Mapping[str, Any]], is_required: bool) -> Column:
    kinds: set[str] = set()
    for alternative in alternatives:
        declared = alternative.get("type", list(ALL_KINDS))
        listed = [declared] if isinstance(declared, str) else declared
        if not isinstance(listed, list) or any(
            not isinstance(kind, str) or kind not in ALL_KINDS | {"null"} for kind in listed
        ):
            raise HeldBackError("invalid_schema", f"column {name!r} has an unknown type")
        kinds.update(listed)
    takes_null = "null" in kinds or kinds == ALL_KINDS
    kinds.discard("null")
    real = [one for one in alternatives if one.get("type") != "null"] or [{}]
    taken = frozenset(kinds) or ALL_KINDS
    return Column(name, _sql_type(taken, real), taken, is_required, takes_null)


def _sql_type(kinds: frozenset[str], alternatives: list[Mapping[str, Any]]) -> str:
    hint = _agreed("x-sql-datatype", alternatives)
    if isinstance(hint, str) and (hinted := _hinted(hint.upper(), kinds)):
        return hinted
    if kinds == TEXTS:
        formats = {"date-time": "TIMESTAMPTZ", "date": "DATE"}
        return formats.get(str(_agreed("format", alternatives)), "VARCHAR")
    if kinds == {"integer"}:
        limits = [one.get(k, 0) for one in alternatives for k in ("minimum", "maximum")]
        wide = any(
            isinstance(limit, int | float) and not BIGINT_MIN <= limit <= BIGINT_MAX
            for limit in limits
        )
        return f"DECIMAL({MAX_PRECISION},0)" if wide else "BIGINT"
    if kinds <= NUMBERS:
        scale = _scale(_agreed("multipleOf", alternatives))
        return "DOUBLE" if scale is None else f"DECIMAL({MAX_PRECISION},{scale})"
    return "BOOLEAN" if kinds == {"boolean"} else "JSON"


def _hinted(hint: str, kinds: frozenset[str]) -> str | None:
    if decimal := DECIMAL.fullmatch(hint):
        precision, scale = int(decimal[1]), int(decimal[2])
        fits = kinds <= NUMBERS and 0 < precision <= MAX_PRECISION and scale <= precision
        return f"DECIMAL({precision},{scale})" if fits else None
    sql_type, suits = HINTS.get(hint, ("", frozenset()))
    return sql_type if sql_type and kinds <= suits else None


def _scale(step: Any) -> int | None:
    """Return the decimals that a `multipleOf` asks for: 1e-06 is 6."""
    try:
        exponent = Decimal(str(step)).normalize().as_tuple().exponent
    except InvalidOperation:
        return None
    if not isinstance(exponent, int) or exponent < -18:
        return None
    return max(0, -exponent)


def _agreed(word: str, alternatives: list[Mapping[str, Any]]) -> Any:
    """Return what all alternatives say under `word`; None when they differ."""
    said = [alternative.get(word) for alternative in alternatives]
    return said[0] if all(one == said[0] for one in said) else None
