"""The fast lane takes nothing that the careful lane would refuse, and never another value."""

import json
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse.lake import open_duckdb
from warehouse.landing import batch as batches
from warehouse.landing.batch import Gathered, Limits, read_into
from warehouse.landing.lines import Line
from warehouse.landing.shape import read_shape

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
    "any": {},
    "list": {"type": ["array", "null"]},
}
SHAPE = read_shape("s", {"properties": PROPERTIES, "required": ["id"]}, ["id"], max_columns=99)
LIMITS = Limits(line_bytes=1 << 20, depth=20, columns=99)

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
fitting = st.fixed_dictionaries({"id": st.integers(-5, 5)}, optional=FITTING)
wild = st.dictionaries(st.sampled_from([*PROPERTIES, "extra"]), values, max_size=5)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    row = draw(st.one_of(fitting, fitting, wild))
    ascii_only = draw(st.booleans())
    message = {"type": "RECORD", "stream": "s", "record": row}
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
    gathered = Gathered([Line(i, 0, raw) for i, raw in enumerate(raws)])
    read_into(con, gathered, SHAPE, into, LIMITS, None)
    rows = con.execute(f"SELECT COLUMNS(*)::VARCHAR FROM {into} ORDER BY _line").fetchall()
    return rows, sorted((unit.line.number, unit.reason) for unit in gathered.held)


def careful_only(con: duckdb.DuckDBPyConnection, all_lines: list[Line], *rest: Any) -> list[int]:
    batches.fast.read_batch(con, SHAPE, [], [], rest[1])
    return [line.number for line in all_lines]


def agree(con: duckdb.DuckDBPyConnection, raws: list[bytes]) -> None:
    rows, held = read(con, raws, "both_lanes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "_read_fast", careful_only)
        assert read(con, raws, "one_lane") == (rows, held)
    assert len(rows) + len(held) == len(raws)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(raws=st.lists(lines(), min_size=1, max_size=40))
def test_both_lanes_take_and_refuse_the_same_with_the_same_values(
    con: duckdb.DuckDBPyConnection, raws: list[bytes]
) -> None:
    agree(con, raws)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(raws=st.lists(lines(), min_size=1, max_size=100))
def test_both_lanes_agree_on_very_many_records(
    con: duckdb.DuckDBPyConnection, raws: list[bytes]
) -> None:
    agree(con, raws)
