"""Tell what a line is, reading as little of it as can be."""

import re
from dataclasses import dataclass
from typing import Any

from warehouse.landing.reasons import HeldBackError
from warehouse.landing.strict_json import Object, dump, refuse_surrogates

# How taps write a RECORD; any other order of fields is read the careful way.
RECORD = re.compile(
    rb'[ \t\r]*\{[ \t]*"type"[ \t]*:[ \t]*"RECORD"[ \t]*,'
    rb'[ \t]*"stream"[ \t]*:[ \t]*"([^"\\\x00-\x1f]{1,255})"[ \t]*,'
)
STATE = re.compile(rb'[ \t\r]*\{[ \t]*"type"[ \t]*:[ \t]*"STATE"[ \t]*,')
CLAIM = re.compile(rb'"stream"\s*:\s*"([^"\\]{1,255})"')
TYPES = ("RECORD", "SCHEMA", "STATE", "ACTIVATE_VERSION", "BATCH")


@dataclass(frozen=True)
class Message:
    """A message other than a plainly written RECORD."""

    type: str
    stream: str
    body: Object


def record_head(raw: bytes) -> tuple[bytes, bytes] | None:
    """Return how a plainly written RECORD line begins, and its stream; None of another line."""
    found = RECORD.match(raw)
    return (found[0], found[1]) if found else None


def is_turning(raw: bytes) -> bool:
    """Say whether a line may change how later lines are read: all but STATE and RECORD may."""
    return RECORD.match(raw) is None and STATE.match(raw) is None


def claimed_stream(raw: bytes) -> str:
    """Return the stream that a line which cannot be read seems to belong to; '' when unknown."""
    found = CLAIM.search(raw[:4096])
    return found[1].decode("utf-8", "replace") if found else ""


def classify(parsed: Any) -> Message:
    """Return what a parsed line is; raise HeldBackError when it is no Singer message."""
    if not isinstance(parsed, Object):
        raise HeldBackError("not_an_object", "the line is no object")
    parsed.refuse_repeats("the message")
    kind = parsed.get("type")
    if not isinstance(kind, str):
        raise HeldBackError("missing_field", "the message has no 'type'")
    if kind not in TYPES:
        raise HeldBackError("unknown_type", f"a message is one of {', '.join(TYPES)}")
    if kind == "STATE":
        return Message(kind, "", parsed)
    stream = parsed.get("stream")
    if not isinstance(stream, str) or not stream:
        raise HeldBackError("missing_field", "the message has no 'stream'")
    refuse_surrogates([stream], "the stream's name")
    return Message(kind, stream, parsed)


def state_text(message: Message) -> str:
    """Return a STATE message's value as JSON text, each number as it was written."""
    if "value" not in message.body.names():
        raise HeldBackError("missing_field", "the STATE has no 'value'")
    text = dump(message.body.get("value"))
    refuse_surrogates([text], "the STATE")
    return text
