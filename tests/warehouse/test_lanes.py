"""The fast lane takes nothing that the careful lane would refuse, and never another value."""

import json
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse.lake import open_duckdb
from warehouse.landing import batch as batches
from warehouse.landing.batch import Limits, Place, read_into
from warehouse.landing.gathered import Gathered, Slice
from warehouse.landing.lines import Line
from warehouse.landing.reasons import HeldBackError
from warehouse.landing.shape import read_shape
from warehouse.landing.strict_json import dump, parse
from warehouse.landing.template import Templates

PROPERTIES: dict[str, Any] = {
    "id": {"type": "integer"},
    "text": {"type": ["string", "null"]},
    "fixed": {"type": ["number", "null"], "x-sql-datatype": "DECIMAL(18,6)"},
    "whole": {"type": ["integer", "null"]},
    "wide": {"type": ["integer", "null"], "maximum": 1e30},
    "real": {"type": ["number", "null"]},
    "flag": {"type": ["boolean", "null"]},
    "at": {"type": ["string", "null"], "format": "date-time"},
    "day": {"type": ["string", "null"], "format": "date"},
    "clock": {"type": ["string", "null"], "x-sql-datatype": "TIME"},
    "local": {"type": ["string", "null"], "x-sql-datatype": "TIMESTAMP"},
    "bytes": {"type": ["string", "null"], "x-sql-datatype": "BLOB"},
    "must": {"type": "string"},
    "may_be_null": {"type": ["string", "null"]},
    "any": {},
    "list": {"type": ["array", "null"]},
}
REQUIRED = ["id", "must", "may_be_null"]
SHAPE = read_shape("s", {"properties": PROPERTIES, "required": REQUIRED}, ["id"], max_columns=99)
LIMITS = Limits(line_bytes=1 << 20, depth=20, columns=99, values=1000)

numbers = st.one_of(
    st.integers(),
    st.integers(-(10**3), 10**3).map(lambda n: n / 8),
    st.floats(allow_nan=True),
    st.sampled_from([1e-7, 1e22, -0.0, 2**53 + 1, 2**63, -(2**63), 0.1 + 0.2, 123456789012.123456]),
)
times = st.one_of(
    st.datetimes().map(lambda d: d.isoformat()),
    st.datetimes().map(lambda d: d.isoformat() + "Z"),
    st.datetimes().map(lambda d: d.isoformat(sep=" ") + "+05:30"),
    st.dates().map(str),
    st.times().map(str),
    st.sampled_from(["", "24:00:00", "2026-02-30", "0001-01-01T00:00:00+14:00", "infinity", "now"]),
)
leaves = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=8), times)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
FITTING: dict[str, Any] = {
    "text": st.text(max_size=8),
    "fixed": numbers,
    "whole": st.integers(),
    "wide": st.integers(),
    "real": numbers,
    "flag": st.booleans(),
    "at": times,
    "day": times,
    "clock": times,
    "local": times,
    "bytes": st.sampled_from(["", "AAEC", "AA==", "A", "AAE", "é"]),
    "any": values,
    "list": st.lists(values, max_size=3),
}
fitting = st.fixed_dictionaries(
    {"id": st.integers(-5, 5), "must": st.just("m"), "may_be_null": st.sampled_from([None, "n"])},
    optional=FITTING,
)
envelopes = st.fixed_dictionaries({}, optional={"time_extracted": times, "version": numbers})
wild = st.dictionaries(st.sampled_from([*PROPERTIES, "extra"]), values, max_size=5)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    row = draw(st.one_of(fitting, fitting, wild))
    ascii_only = draw(st.booleans())
    message = {"type": "RECORD", "stream": "s", "record": row} | draw(envelopes)
    raw = json.dumps(message, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 5)) == 0 and raw:
        at = draw(st.integers(0, len(raw) - 1))
        kind = draw(st.sampled_from(["flip", "cut", "drop", "twice"]))
        byte = bytes([draw(st.integers(0, 255))])
        raw = {
            "flip": raw[:at] + byte + raw[at + 1 :],
            "cut": raw[:at],
            "drop": raw[:at] + raw[at + 1 :],
            "twice": raw[:at] + raw[at:] + raw[at:],
        }[kind]
    return raw.replace(b"\n", b" ")


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return open_duckdb()


def read(con: duckdb.DuckDBPyConnection, raws: list[bytes], into: str) -> tuple[Any, Any]:
    gathered, sound = Gathered(), []
    for number, raw in enumerate(raws):
        try:
            raw.decode()
            sound.append(number)
        except UnicodeDecodeError:
            # The reader of lines keeps these from the lanes.
            gathered.hold(Line(number, 0, raw), HeldBackError("invalid_utf8", ""))
    if sound:
        texts = pa.array([raws[number] + b"\n" for number in sound], pa.binary()).cast(pa.string())
        gathered.add(Slice(texts, np.array(sound), np.zeros(len(sound), dtype=np.int64), 0))
    read_into(con, gathered, SHAPE, into, LIMITS, None)
    columns = ", ".join(["_line", "_seq", "_extracted", "_deleted", "_version"])
    values = ", ".join(f"c{i}" for i in range(len(SHAPE.columns)))
    rows = con.execute(
        f"SELECT COLUMNS(*)::VARCHAR FROM (SELECT {columns}, {values} FROM {into}) ORDER BY _line"
    ).fetchall()
    return rows, sorted((unit.line.number, unit.reason) for unit in gathered.held)


def unknown(self: Templates, texts: pa.Array) -> Any:
    return np.zeros(len(texts), dtype=np.bool_)


def careful_only(con: duckdb.DuckDBPyConnection, gathered: Gathered, *rest: Any) -> list[Place]:
    return [Place(part, i) for part in gathered.slices for i in range(len(part.numbers))]


def agree(con: duckdb.DuckDBPyConnection, raws: list[bytes]) -> None:
    rows, held = read(con, raws, "all_lanes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches.refusing, "refused", lambda *_, **__: {})
        assert read(con, raws, "three_lanes") == (rows, held)
        patch.setattr(Templates, "exact", unknown)
        assert read(con, raws, "two_lanes") == (rows, held)
        patch.setattr(batches, "_read_parsed", careful_only)
        assert read(con, raws, "one_lane") == (rows, held)
    assert len(rows) + len(held) == len(raws)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(raws=st.lists(lines(), min_size=1, max_size=40))
def test_both_lanes_take_and_refuse_the_same_with_the_same_values(
    con: duckdb.DuckDBPyConnection, raws: list[bytes]
) -> None:
    agree(con, raws)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(raws=st.lists(lines(), min_size=1, max_size=100))
def test_both_lanes_agree_on_very_many_records(
    con: duckdb.DuckDBPyConnection, raws: list[bytes]
) -> None:
    agree(con, raws)


def record(body: str) -> bytes:
    fields = f'"id": 1, "must": "m", "may_be_null": null, {body}'
    return f'{{"type": "RECORD", "stream": "s", "record": {{{fields}}}}}'.encode()


def test_a_plainly_written_stream_is_proved_by_its_template_alone() -> None:
    values = {
        "id": 7, "text": "caf\u00e9 \\ \"q\"", "fixed": -12.5, "whole": -9,
        "wide": 10**17, "real": 0.25,
        "flag": True, "at": "2026-03-02T22:00:00.123456+00:00", "day": "9999-12-31",
        "clock": "22:00:00", "local": "2026-03-02 22:00:00", "bytes": "AAEC", "must": "m",
        "may_be_null": None, "any": {"a": [1, {"b": None}]}, "list": [],
    }  # fmt: skip
    for spaces in ((", ", ": "), (",", ":")):
        message = {
            "type": "RECORD",
            "stream": "s",
            "record": values,
            "time_extracted": values["at"],
        }
        text = json.dumps(message, separators=spaces) + "\n"
        nulls = text.replace("-12.5", "null").replace("true", "null")
        assert Templates(SHAPE).exact(pa.array([text, nulls])).all()
        assert not Templates(SHAPE).exact(pa.array([text.replace("-9", "-9.5")])).any()


NUMBERS = """0 -0 0.0 -0.0 5. .5 01 -01 +1 1e0 1E+2 -1e-2 1e22 1e400 1e-7 0.00001 0.000001
    0.0000001 0.00000012 9007199254740991 9007199254740992 9007199254740993 -9007199254740993
    9007199254740994 999999999999999 9999999999999999 12345678901234.5 123456789012.123456
    0.12345678901234 0.123456789012345 0.30000000000000004 1.10 1.0000000 9223372036854775807
    9223372036854775808 -9223372036854775809 18446744073709551616 100000000000000000000000000000
    4.9e-324 0x1F 1_000 NaN -Infinity tru true null""".split()  # noqa: SIM905 - easier to read
WORDS = """2026-03-02T22:00:00Z|2026-03-02t22:00:00z|2026-03-02 22:00:00+0200|2026-03-02T22:00Z
2026-03-02T22:00:00+14:59|2026-03-02T22:00:00-15:00|2026-03-02T24:00:00Z|2026-03-02T23:59:60Z
2026-02-29|2024-02-29|0001-01-01|9999-12-31|10000-01-01|2026-3-2|9999-12-31T23:59:59-14:00
2026-03-02T22:00:00.1234560Z|2026-03-02T22:00:00,5Z|2026-03-02 22:00:00|22:00|24:00:00|now
AA==|AB==|AA-_|====|\\u0000|\\ud800|\\ud83d\\ude00|\\/|\\x|\x00|\x7f""".replace("\n", "|").split(
    "|"
)
ODD_BYTES = b"\x00\x01\t\r \"'+,-./059:ET[\\]entz{}\x7f\xc3\xff"


def test_both_lanes_agree_on_the_edges_of_every_type(con: duckdb.DuckDBPyConnection) -> None:
    tokens = [*NUMBERS, *(f'"{word}"' for word in WORDS)]
    nested = [form % token for token in tokens for form in ("[%s]", '{"a": [1, %s ]}')]
    for column in FITTING:
        # The templates are learnt from lines alike, so that each column meets its own.
        agree(con, [record(f'"{column}": {token}') for token in tokens])
    raws = [record(f'"{column}": {token}') for column in ("any", "list") for token in nested]
    plain = record('"flag": true')[:-1]
    for field in ("time_extracted", "version"):
        raws += [plain + f', "{field}": {token}}}'.encode() for token in tokens]
    agree(con, raws)


def test_both_lanes_write_every_character_alike(con: duckdb.DuckDBPyConnection) -> None:
    characters = [chr(code) for code in (*range(0x100), 0x2028, 0xFEFF, 0xFFFF, 0x1F600)]
    for character in (*characters, "\\u001f", "\\\\u001f"):
        for ascii_only in (True, False):
            text = json.dumps({character: [character]}, ensure_ascii=ascii_only)
            assert json.loads(dump(parse(text.encode(), 5))) == json.loads(text)
    texts = [json.dumps({one: [one]}, ensure_ascii=way) for one in characters for way in (0, 1)]
    agree(con, [record(f'"any": {text}, "list": [{text}]') for text in texts])


def test_both_lanes_agree_on_a_line_with_any_odd_byte_at_any_place(
    con: duckdb.DuckDBPyConnection,
) -> None:
    body = '"real": 1.5, "any": {"a": [1, -2.5]}, "at": "2026-03-02T22:00:00Z"'
    line = record(body)[:-1] + b', "time_extracted": "2026-03-02T22:00:00Z", "version": 12}'
    odd = [bytes([byte]) for byte in ODD_BYTES]
    agree(con, [line[:at] + byte + line[at + 1 :] for at in range(len(line)) for byte in odd])
    agree(con, [line[:at] + byte + line[at:] for at in range(len(line) + 1) for byte in odd])
    agree(con, [line[:at] + line[at + 1 :] for at in range(len(line))])
