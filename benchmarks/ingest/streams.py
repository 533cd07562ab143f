"""The three streams of the benchmark: their JSON Schemas, keys, and exact types in DuckDB."""

from dataclasses import dataclass
from typing import Any

TEXT = {"type": ["string", "null"]}
TIME = {"type": ["string", "null"], "format": "date-time"}
INTEGER = {"type": ["integer", "null"]}
BOOLEAN = {"type": ["boolean", "null"]}
KEY = {"type": "string"}


def _decimal(step: float) -> dict[str, Any]:
    return {"type": ["number", "null"], "multipleOf": step}


LINES = {
    "type": ["array", "null"],
    "items": {
        "type": "object",
        "properties": {
            "line": {"type": "integer"},
            "sku": TEXT,
            "qty": INTEGER,
            "unit_price": _decimal(0.01),
        },
    },
}
ADDRESS = {
    "type": ["object", "null"],
    "properties": {"street": TEXT, "city": TEXT, "postcode": TEXT, "country": TEXT},
}


@dataclass(frozen=True)
class Stream:
    """A stream: what its SCHEMA message says, and the exact DuckDB type of each of its columns."""

    name: str
    keys: tuple[str, ...]
    properties: dict[str, Any]
    types: dict[str, str]

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its records."""
        return {"type": "object", "properties": self.properties}

    @property
    def stored_types(self) -> dict[str, str]:
        """The types that `target-crossdock` stores them in: nested values as JSON."""
        return {
            column: "JSON" if kind.startswith("STRUCT") else kind
            for column, kind in self.types.items()
        }


ORDERS = Stream(
    "orders",
    ("order_id",),
    {
        "order_id": KEY,
        "channel": TEXT,
        "status": TEXT,
        "note": TEXT,
        "currency": TEXT,
        "total": _decimal(0.01),
        "tax": _decimal(0.0001),
        "is_gift": BOOLEAN,
        "ordered_at": TIME,
        "updated_at": TIME,
        "lines": LINES,
        "address": ADDRESS,
    },
    {
        "order_id": "VARCHAR",
        "channel": "VARCHAR",
        "status": "VARCHAR",
        "note": "VARCHAR",
        "currency": "VARCHAR",
        "total": "DECIMAL(38,2)",
        "tax": "DECIMAL(38,4)",
        "is_gift": "BOOLEAN",
        "ordered_at": "TIMESTAMPTZ",
        "updated_at": "TIMESTAMPTZ",
        "lines": "STRUCT(line BIGINT, sku VARCHAR, qty BIGINT, unit_price DECIMAL(38,2))[]",
        "address": "STRUCT(street VARCHAR, city VARCHAR, postcode VARCHAR, country VARCHAR)",
    },
)
STOCK = Stream(
    "stock",
    ("node", "sku"),
    {
        "node": KEY,
        "sku": KEY,
        "qty": _decimal(0.001),
        "reserved": INTEGER,
        "is_sellable": BOOLEAN,
        "counted_at": TIME,
        "updated_at": TIME,
    },
    {
        "node": "VARCHAR",
        "sku": "VARCHAR",
        "qty": "DECIMAL(38,3)",
        "reserved": "BIGINT",
        "is_sellable": "BOOLEAN",
        "counted_at": "TIMESTAMPTZ",
        "updated_at": "TIMESTAMPTZ",
    },
)
EVENTS = Stream(
    "events",
    ("event_id",),
    {
        "event_id": KEY,
        "kind": TEXT,
        "parcel": TEXT,
        "occurred_at": TIME,
        "recorded_at": TIME,
        "received_at": TIME,
        "duration_ms": INTEGER,
        "message": TEXT,
    },
    {
        "event_id": "VARCHAR",
        "kind": "VARCHAR",
        "parcel": "VARCHAR",
        "occurred_at": "TIMESTAMPTZ",
        "recorded_at": "TIMESTAMPTZ",
        "received_at": "TIMESTAMPTZ",
        "duration_ms": "BIGINT",
        "message": "VARCHAR",
    },
)
STREAMS = {stream.name: stream for stream in (ORDERS, STOCK, EVENTS)}
