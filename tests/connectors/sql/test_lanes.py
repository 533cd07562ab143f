"""The fast lane says what the records say: the same rows, the same values, the same state."""

import base64
import json
import sqlite3
from collections import Counter
from datetime import date, datetime
from decimal import Decimal

import pytest
from singer_sdk.exceptions import ConfigurationError

# open_data_contract_standard reads its schema by a deprecated function:
# https://github.com/bitol-io/open-data-contract-standard/
pytestmark = pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")


def as_said(value, schema):
    """Turn a value of a batch into what a record says, as far as the two can be compared."""
    match value:
        case None | bool() | int():
            return value
        case float():
            return Decimal(repr(value))
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case str() if schema.get("x-sql-datatype") == "JSON":
            return json.loads(value, parse_float=Decimal)
    return value


def row(record, schema, *, is_batched):
    """A row that can be compared: 1 and 1.0 are one number, true is none."""
    cells = []
    for name, column in schema["properties"].items():
        value = as_said(record[name], column) if is_batched else record[name]
        kind = "bool" if isinstance(value, bool) else ""
        numeric = isinstance(value, int | Decimal) and not isinstance(value, bool)
        cells.append((name, kind, str(Decimal(value).normalize()) if numeric else repr(value)))
    return tuple(cells)


def compared(slow, fast):
    """Assert that both lanes bring the same rows; return how many came in batches, by stream."""
    assert slow.schemas == fast.schemas
    for stream, schema in slow.schemas.items():
        by_records = Counter(row(r, schema, is_batched=False) for r in slow.records[stream])
        in_batches = Counter(row(r, schema, is_batched=True) for r in fast.batched[stream])
        in_batches += Counter(row(r, schema, is_batched=False) for r in fast.records[stream])
        assert in_batches == by_records, stream
    assert slow.state == fast.state
    return {stream: len(fast.batched[stream]) for stream in slow.schemas}


@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
@pytest.mark.parametrize("chunk", [1, 10_000])
def test_sqlite_rows_are_the_same_in_both_lanes(awkward_sqlite, lane, zone, chunk):
    url, count = awkward_sqlite
    config = {"url": url, "naive_timezone": zone, "chunk_size": chunk}
    slow, fast = lane(config), lane(config, batches="b")
    assert len(slow.records["odd"]) == count
    assert 0 < compared(slow, fast)["odd"] < count


@pytest.mark.slow
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_postgres_rows_are_the_same_in_both_lanes(awkward_postgres, lane, zone):
    url, count = awkward_postgres
    config = {"url": url, "naive_timezone": zone, "chunk_size": 7}
    slow, fast = lane(config), lane(config, batches="b")
    assert len(slow.records["odd"]) == count
    batched = compared(slow, fast)
    assert 20 < batched["odd"] < count
    assert batched["rest"] == 0  # times of day and intervals have no sure type in a batch


@pytest.mark.parametrize(
    ("storage", "encoding", "says"),
    [
        ("s3://bucket/batches", {"format": "parquet"}, "must be a folder, like file:///"),
        ("file:///tmp", {"format": "jsonl"}, "must be a 'format' of parquet"),
        ("file:///tmp", {"format": "parquet", "compression": "gzip"}, "with no 'compression'"),
    ],
)
def test_what_a_batch_cannot_be_is_said_with_the_mend(
    awkward_sqlite, lane, storage, encoding, says
):
    config = {"url": awkward_sqlite[0]}
    config["batch_config"] = {"encoding": encoding, "storage": {"root": storage}}
    with pytest.raises(ConfigurationError, match=says):
        lane(config)


def test_files_are_whole_and_none_is_left_that_was_not_announced(tmp_path, lane):
    with sqlite3.connect(tmp_path / "t.db") as database:
        database.execute("create table t (id integer primary key, name text)")
        rows = [(number, "x" * 5) for number in range(250_000)]
        database.executemany("insert into t values (?, ?)", rows)
        database.execute(
            "create view v as select id, case id when 150000 then abs(-9223372036854775808) end n"
            " from t"
        )
    database.close()
    got = lane({"url": f"sqlite:///{tmp_path / 't.db'}"}, batches="b")
    assert "above: v." in got.failed
    assert [row["id"] for row in got.batched["t"]] == list(range(250_000))
    assert len(got.batched["v"]) == 100_000
    assert set(got.files) == set((tmp_path / "b").iterdir())
