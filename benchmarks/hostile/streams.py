"""Write hostile Singer streams: sound messages of several streams, interleaved, then damaged."""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

# A value that must appear in the lake only, never in a log, an error or a detail.
MARK = "Zx9-personal-Zx9"
STREAMS = [
    "orders", "Orders", "ORDERS ", "lines", "a b", 'quo"te', "semi;colon", "../up", "dot.ted",
    "select", "名前", "\u00e9", "e\u0301", "x" * 255, "x" * 256, "", "nul\x00", "\U0001f600",
    "tab\t", "s'); DROP TABLE t; --", "_sdc_sequence", "%s{}", "back\\slash", "-", "C:\\",
    "a/b",
]  # fmt: skip
COLUMNS = [
    "a", "A", "b c", "select", 'q"q', "名", "_load_id", "_sdc_sequence", "rowid", "c0", "_line",
    "x" * 255, "x" * 256, "", "dot.ted", "sl/ash", "ti~lde", "nul\x00", "'", "$", "\\", "record",
    "_sdc_extra", "filename", "e0", "w", "_row_hash", "\U0001f600", "a\nb",
]  # fmt: skip
TYPES: list[dict[str, Any]] = [
    {"type": ["string", "null"]},
    {"type": "string"},
    {"type": ["integer", "null"]},
    {"type": ["integer", "null"], "maximum": 1e30},
    {"type": ["number", "null"]},
    {"type": ["number", "null"], "multipleOf": 0.0001},
    {"type": ["boolean", "null"]},
    {"type": ["string", "null"], "format": "date-time"},
    {"type": ["string", "null"], "format": "date"},
    {"type": ["object", "null"], "properties": {"a": {"type": "integer"}}},
    {"type": ["array", "null"], "items": {"type": "string"}},
    {},
    {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
]
KEYS: list[dict[str, Any]] = [{"type": "integer"}, {"type": "string"}, {"type": ["string", "null"]}]
TEXTS = ["", " ", "x", "null", "\x00", "\u2028", "\ud83d\ude00", "é", "e\u0301", MARK, '"', "\\",
    "a\nb", "\r", "NaN", "0", "\ufeff", "\uffff", "\x7f", "{", "]}", ",]", "-0", "1e5"]  # fmt: skip
WHOLES = [0, -1, 7, 2**31, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 10**18, 10**37, -(10**38)]
WRITTEN = ["1.5", "-0.0", "-0", "0.1", "1e5", "1E-3", "5.0", "123456789.1234", "0.00010", "1e400",
    "0.30000000000000004", "12345678901234567890.1", "0.1234567890123456789", "1e-7", "1.10",
    "99999999999999999999999999999999999999", "1" * 500, "NaN", "Infinity", "-Infinity", "01",
    "1.", ".5", "+1", "0x10", "1_0", "1e999999999"]  # fmt: skip
MOMENTS = ["2026-03-02T22:00:00Z", "2026-03-02 22:00:00.123456+05:30", "2026-03-02T22:00:00",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "now", "infinity",
    "2026-03-02T22:00:00.1234567Z", "2026-03-02T24:00:00Z", "1969-12-31T23:59:59.999999Z",
    "2026-03-02", "", "2026-03-02T23:59:60Z", "epoch", "2026-03-02T22:00Z"]  # fmt: skip
DAYS = ["2026-03-02", "2024-02-29", "2026-02-29", "9999-12-31", "0001-01-01", "2026-3-2", "today",
    "2026-03-02T00:00:00", "-0001-01-01", ""]  # fmt: skip


class Written(str):
    """A number, or what is none, as it shall stand in the line."""

    __slots__ = ()


@dataclass
class Declared:
    """A stream as its last SCHEMA declares it."""

    name: str
    properties: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    required: list[str] = field(default_factory=list)
    version: int | None = None


class Writer:
    """Writes one hostile input; the same draw writes the same bytes."""

    def __init__(self, draw: Random, *, streams: int, lines: int, damage: float) -> None:
        self._draw, self._damage = draw, damage
        odd = draw.random() < 0.5
        names = draw.sample(STREAMS, min(streams, len(STREAMS))) if odd else []
        self._streams = [Declared(name) for name in names] or [
            Declared(f"s{i}") for i in range(streams)
        ]
        for stream in self._streams:
            self._declare(stream)
        self._lines = lines
        self._clock = 0

    def write(self) -> bytes:
        """Return the input's bytes."""
        draw = self._draw
        out: list[bytes] = []
        for stream in self._streams:
            if draw.random() > 0.05:
                out.append(self._schema(stream))
        for _ in range(self._lines):
            out += self._step()
        end = draw.choice([b"\n", b"\n", b"\n", b"\r\n"])
        data = end.join(out)
        if draw.random() < 0.7:
            data += end
        elif draw.random() < 0.5:
            data = data[: -draw.randint(1, 40)]
        return b"\xef\xbb\xbf" + data if draw.random() < 0.1 else data

    def _step(self) -> list[bytes]:
        draw, stream = self._draw, self._draw.choice(self._streams)
        match draw.random():
            case chance if chance < 0.03:
                self._change(stream)
                return [self._schema(stream)]
            case chance if chance < 0.05:
                return [self._schema(stream)]
            case chance if chance < 0.09:
                self._clock += 1
                value = {"at": self._clock, "n": Written(draw.choice(WRITTEN[:16]))}
                return [self._dump({"type": "STATE", "value": value})]
            case chance if chance < 0.10 and stream.version is not None:
                version = stream.version
                stream.version += draw.randint(0, 1)
                body = {"type": "ACTIVATE_VERSION", "stream": stream.name, "version": version}
                return [self._dump(body)]
            case chance if chance < 0.13:
                return [self._noise(stream)]
            case _:
                line = self._record(stream)
                return [self._damaged(line) if draw.random() < self._damage else line]

    def _declare(self, stream: Declared) -> None:
        draw = self._draw
        stream.keys = draw.choice([["id"], ["id"], ["id", "k"], []])
        stream.properties = {"id": draw.choice(KEYS)}
        if "k" in stream.keys:
            stream.properties["k"] = draw.choice(KEYS)
        for name in draw.sample([f"c{i}" for i in range(1, 9)], draw.randint(0, 5)):
            stream.properties[name] = draw.choice(TYPES)
        if draw.random() < 0.15:
            stream.properties[draw.choice(COLUMNS)] = draw.choice(TYPES)
        stream.required = [name for name in stream.properties if draw.random() < 0.1]
        stream.version = 1 if draw.random() < 0.2 else None

    def _change(self, stream: Declared) -> None:
        """Change a stream in mid-stream: a column more, less, wider, narrower; another key."""
        draw, properties = self._draw, dict(stream.properties)
        name = draw.choice([f"c{i}" for i in range(1, 9)])
        match draw.choice(["add", "add", "type", "drop", "key", "odd"]):
            case "add" | "type":
                properties[name] = draw.choice(TYPES)
            case "drop":
                properties.pop(name, None)
            case "key":
                stream.keys = draw.choice([["id"], []])
            case _:
                properties[draw.choice(COLUMNS)] = draw.choice(TYPES)
        stream.properties = properties

    def _schema(self, stream: Declared) -> bytes:
        schema: dict[str, Any] = {"type": "object", "properties": stream.properties}
        if stream.required:
            schema["required"] = stream.required
        body = {"type": "SCHEMA", "stream": stream.name, "schema": schema}
        return self._dump(body | {"key_properties": stream.keys})

    def _record(self, stream: Declared) -> bytes:
        draw = self._draw
        row = {
            name: self._value(kind, is_key=name in stream.keys)
            for name, kind in stream.properties.items()
            if draw.random() < 0.97
        }
        if draw.random() < 0.01:
            row["extra"] = self._value({}, is_key=False)
        if draw.random() < 0.03:
            row["_sdc_deleted_at"] = draw.choice([None, *MOMENTS[:2]])
        if draw.random() < 0.05:
            row = dict(draw.sample(list(row.items()), len(row)))
        body: dict[str, Any] = {"type": "RECORD", "stream": stream.name, "record": row}
        if draw.random() < 0.3:
            body["time_extracted"] = draw.choice(MOMENTS)
        if stream.version is not None:
            body["version"] = stream.version
        if draw.random() < 0.03:
            body = dict(draw.sample(list(body.items()), len(body)))
        return self._dump(body)

    def _value(self, kind: dict[str, Any], *, is_key: bool) -> Any:
        """Draw a value, most often one that fits the column."""
        draw = self._draw
        if is_key and draw.random() < 0.97:
            number = draw.randint(0, 6)
            return number if kind["type"] == "integer" else f"k{number}"
        if draw.random() < 0.04:
            kind = draw.choice(TYPES)
        types = kind.get("type", draw.choice(["string", "integer", "object", "number"]))
        listed = [types] if isinstance(types, str) else types
        if "null" in listed and draw.random() < 0.1:
            return None
        edge = draw.random() < 0.15
        match listed[0]:
            case "string" if kind.get("format") == "date-time":
                return draw.choice(MOMENTS) if edge else f"2026-03-0{draw.randint(1, 9)}T22:00:00Z"
            case "string" if kind.get("format") == "date":
                return draw.choice(DAYS) if edge else f"2026-03-0{draw.randint(1, 9)}"
            case "string":
                return draw.choice(TEXTS) if edge else f"t{draw.randint(0, 99)}"
            case "integer":
                return draw.choice(WHOLES) if edge else draw.randint(-99, 99)
            case "number":
                return Written(draw.choice(WRITTEN)) if edge else draw.randint(-999, 999) / 8
            case "boolean":
                return draw.random() < 0.5
            case "object":
                return {"a": draw.randint(0, 9), "b": self._nested(4)}
            case _:
                return [self._nested(3), "t"]

    def _nested(self, depth: int) -> Any:
        draw = self._draw
        match draw.randint(0, 5 if depth else 3):
            case 0:
                return draw.choice(TEXTS)
            case 1:
                return Written(draw.choice(WRITTEN[:16] if draw.random() < 0.9 else WRITTEN))
            case 2:
                return draw.choice([None, True, False, *WHOLES])
            case 3:
                return draw.choice([{}, [], "t"])
            case 4:
                return [self._nested(depth - 1) for _ in range(draw.randint(0, 3))]
            case _:
                keys = draw.sample(TEXTS, draw.randint(0, 2))
                return {key: self._nested(depth - 1) for key in keys}

    def _noise(self, stream: Declared) -> bytes:
        draw, name = self._draw, json.dumps(stream.name).encode()
        deep = draw.choice([40, 150, 5000])
        return draw.choice(
            [
                b"", b"   ", b"\r", b"\t", b"{}", b"[]", b"null", b"1", b"not json", b"\x00",
                b'"RECORD"', b"{", b"}", b"\xff\xfe", b"\xc3", b"{" * deep,
                b"[" * deep + b"]" * deep,
                b'{"type": "RECORD"}', b'{"type": "STATE"}', b'{"type": "SCHEMA"}',
                b'{"type": "BATCH", "stream": ' + name + b"}", b'{"type": "record"}',
                b'{"type": "RECORD", "stream": ' + name + b"}",
                b'{"type": "RECORD", "stream": ' + name + b', "record": null}',
                b'{"type": "RECORD", "stream": ' + name + b', "record": [1]}',
                b'{"type": "RECORD", "stream": ' + name + b', "record": {"id": 1',
                b'{"type": "RECORD", "stream": ' + name.swapcase() + b', "record": {"id": 1',
                b'{"type": "RECORD", "stream": "unheard", "record": {"id": 1}}',
                b'{"type": "SCHEMA", "stream": ' + name + b', "schema": {"prop',
                b'{"type": "ACTIVATE_VERSION", "stream": ' + name + b', "version": "x"}',
                b'{"type": "STATE", "value": {"at": 1}, "value": {"at": 2}}',
                b'{"type": "STATE", "value": ' + b"[" * deep + b"]" * deep + b"}",
                b'{"type": "RECORD", "stream": ' + name + b', "record": {"id": '
                + b"[" * deep + b"]" * deep + b"}}",
                b'{"type": "RECORD", "stream": ' + name + b', "record": {"id": "'
                + b"x" * draw.choice([100, 900, 1100, 3000, 70_000]) + b'"}}',
            ]
        )  # fmt: skip

    def _damaged(self, line: bytes) -> bytes:
        draw, at = self._draw, self._draw.randrange(len(line) or 1)
        byte = bytes([draw.choice([draw.randrange(256), *b'\x00"\\{}[]:,0-\xff\xc3'])])
        match draw.choice(["flip", "flip", "cut", "drop", "twice", "add", "bit", "run"]):
            case "flip":
                line = line[:at] + byte + line[at + 1 :]
            case "bit":
                line = line[:at] + bytes([line[at] ^ (1 << draw.randrange(8))]) + line[at + 1 :]
            case "cut":
                line = line[:at]
            case "drop":
                line = line[:at] + line[at + 1 :]
            case "twice":
                line = line + line[at:]
            case "run":
                line = line[:at] + line[at + draw.randint(1, 12) :]
            case _:
                line = line[:at] + byte + line[at:]
        # Most of these end a line early: then two broken ones come of it.
        return line if draw.random() < 0.3 else line.replace(b"\n", b" ")

    def _dump(self, body: Any) -> bytes:
        tight, ascii_only = self._draw.random() < 0.2, self._draw.random() < 0.7
        separators = (",", ":") if tight else (", ", ": ")
        return _dumps(body, separators, ascii_only=ascii_only).encode("utf-8", "surrogatepass")


def _dumps(value: Any, separators: tuple[str, str], *, ascii_only: bool) -> str:
    comma, colon = separators
    match value:
        case Written():
            return str(value)
        case dict():
            pairs = (
                json.dumps(key, ensure_ascii=ascii_only)
                + colon
                + _dumps(item, separators, ascii_only=ascii_only)
                for key, item in value.items()
            )
            return "{" + comma.join(pairs) + "}"
        case list():
            items = (_dumps(item, separators, ascii_only=ascii_only) for item in value)
            return "[" + comma.join(items) + "]"
        case _:
            return json.dumps(value, ensure_ascii=ascii_only)
