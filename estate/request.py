"""What somebody outside asks a node for: to release a shipment, or to cancel one."""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints, TypeAdapter, ValidationError

from estate.store import EstateError

WMS, X12 = "wms", "x12"
LARGEST_BODY = 64 * 1024
"""Bytes: an order has four lines, so a request of this size is none."""


class MalformedError(EstateError):
    """A request that is not one, said so that its sender can mend it."""


@dataclass(frozen=True)
class AskedLine:
    """Base units of an order's line; `sku` as the sender calls the article."""

    line_no: int
    sku: str
    units: int


@dataclass(frozen=True)
class Request:
    """A request, whichever way it came; `key` tells it from all others of its channel.

    `sent_at` is naive UTC, where the channel says it. `flaw` is why it was refused when it came:
    a code and a text.
    """

    channel: str
    key: str
    verb: str
    shipment_no: str
    order_no: str = ""
    node: str = ""
    carrier: str = ""
    service: str = ""
    lines: tuple[AskedLine, ...] = ()
    sent_at: datetime | None = None
    flaw: tuple[str, str] | None = None

    @property
    def is_release(self) -> bool:
        """Whether it asks for a shipment, rather than for one no longer."""
        return self.verb == "release_shipment"


_Text = Annotated[str, StringConstraints(strict=True, max_length=100, pattern=r"^[ -~]+$")]
# X12 has 30 characters for a shipment's number, and its delimiters are none of them.
ShipmentNo = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9._-]{1,30}$")]
_Units = Annotated[str, StringConstraints(strict=True, pattern=r"^[1-9][0-9]{0,8}(\.0{1,9})?$")]


class _Line(BaseModel):
    line_no: Annotated[int, Field(strict=True, ge=1, le=9999)]
    sku: _Text
    qty: _Units


class _ReleasePayload(BaseModel):
    order_no: _Text
    shipment_no: ShipmentNo
    node_code: _Text
    carrier: _Text
    service: _Text
    lines: Annotated[list[_Line], Field(min_length=1, max_length=100)]


class _CancelPayload(BaseModel):
    shipment_no: ShipmentNo


class _Release(BaseModel):
    id: _Text
    verb: Literal["release_shipment"]
    payload: _ReleasePayload


class _Cancel(BaseModel):
    id: _Text
    verb: Literal["cancel_shipment"]
    payload: _CancelPayload


_VERBS = ("release_shipment", "cancel_shipment")
_Body = Annotated[_Release | _Cancel, Field(discriminator="verb")]
_BODY: TypeAdapter[_Release | _Cancel] = TypeAdapter(_Body)


def parse(key: str, raw: bytes | str) -> Request:
    """The request in a JSON body. Raises MalformedError: what is wrong with it, and where."""
    try:
        body = _BODY.validate_json(raw)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"] if part not in _VERBS)
        more = f" ({problem.error_count() - 1} more)" if problem.error_count() > 1 else ""
        raise MalformedError(f"{place or 'body'}: {first['msg']}{more}.") from None
    if isinstance(body, _Cancel):
        return Request(WMS, key, body.verb, body.payload.shipment_no)
    asked = body.payload
    numbers = [line.line_no for line in asked.lines]
    if len(set(numbers)) < len(numbers):
        raise MalformedError("payload.lines: a line_no stands there twice.")
    return Request(
        WMS, key, body.verb, asked.shipment_no, asked.order_no, asked.node_code, asked.carrier,
        asked.service,
        tuple(AskedLine(n.line_no, n.sku, int(n.qty.partition(".")[0])) for n in asked.lines),
    )  # fmt: skip


def fingerprint(raw: bytes) -> str:
    """SHA-256 of what a JSON body says, however it is spaced and in whichever order it stands."""
    try:
        content: Any = json.loads(raw)
        text = json.dumps(content, sort_keys=True)
    except (ValueError, RecursionError) as problem:
        raise MalformedError("body: a number in it is beyond all measure.") from problem
    return sha256(text.encode()).hexdigest()
