"""The refusing lane: tell quickly that a line is certainly not in shape, and why.

orjson reads a line ten times as fast as the careful lane but does not keep numbers as they were
written, so that it can only refuse: a line that it finds in shape is read another way.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from warehouse.landing.exact import check
from warehouse.landing.reasons import HeldBackError
from warehouse.landing.shape import Shape

TRIED = 200
# Below this share of refused lines, looking costs more than it saves.
WORTH = 0.1
SPACED_COLONS = (b" :", b"\t:", b"\r:")


def refused(
    raws: Sequence[bytes], shape: Shape, *, depth: int, values: int
) -> dict[int, HeldBackError]:
    """Return which lines are certainly not in shape; gives up early where few are.

    depth, values: lines that may be nested deeper, or hold more, are left to other lanes.
    """
    found: dict[int, HeldBackError] = {}
    for index, raw in enumerate(raws):
        if index == TRIED and len(found) < WORTH * TRIED:
            return found
        if raw.count(b"{") + raw.count(b"[") > depth or raw.count(b",") >= values:
            continue
        error = _judge(raw, shape)
        if error is not None:
            found[index] = error
    return found


def _judge(raw: bytes, shape: Shape) -> HeldBackError | None:
    try:
        message = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    record = message.get("record") if isinstance(message, dict) else None
    if not isinstance(record, dict) or message.get("type") != "RECORD":
        return None
    if not _has_each_key_once(raw, message, record):
        return None
    try:
        check(record, shape, _kind)
    except HeldBackError as error:
        error.key = _key(record, shape)
        # Thousands are kept: not with the frames that they came from.
        return error.with_traceback(None)
    return None


def _has_each_key_once(raw: bytes, message: dict[str, Any], record: dict[str, Any]) -> bool:
    """Say whether no key stands twice; one that may is for the careful lane, which sees both."""
    keys = len(message) + len(record)
    if raw.count(b'":') == keys and not any(map(raw.__contains__, SPACED_COLONS)):
        return True
    return all(raw.count(b'"%s"' % name.encode()) == 1 for name in (*message, *record))


def _key(record: dict[str, Any], shape: Shape) -> list[str] | None:
    key = []
    for name in shape.keys:
        value, column = record.get(name), shape.by_name[name]
        match value:
            case bool():
                return None
            case str() if column.sql_type == "VARCHAR":
                key.append(value)
            case int() if column.sql_type == "BIGINT" and -(2**63) <= value < 2**63:
                key.append(str(value))
            case _:
                return None
    return key or None


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            # What was rounded to a whole number may have been none.
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case dict():
            return "object"
    return "array"
