"""Where the next pull begins: the same in both lanes, a little before the last one's end."""

import sqlite3
from datetime import date, datetime

import pytest
import sqlalchemy as sa

from connectors.sql.bookmarks import earlier
from connectors.sql.tap import TapSQL


def incremental(config, key, **streams):
    found = TapSQL(config=dict(config)).catalog_dict
    for entry in found["streams"]:
        entry["replication_method"], entry["replication_key"] = "INCREMENTAL", key
    return found


@pytest.fixture
def sqlite(tmp_path):
    with sqlite3.connect(tmp_path / "s.db") as connection:
        connection.execute("create table t (id integer primary key, at datetime)")
    yield connection, {"url": f"sqlite:///{tmp_path / 's.db'}", "naive_timezone": "UTC"}
    connection.close()


def ids(lane):
    return sorted(row["id"] for rows in (lane.records["t"], lane.batched["t"]) for row in rows)


@pytest.mark.parametrize("batches", [None, "b"])
def test_a_row_committed_late_with_an_older_time_comes_with_the_next_pull(sqlite, lane, batches):
    connection, config = sqlite
    catalog = incremental(config, "at")
    with connection:
        connection.execute("insert into t values (1, '2026-03-02 10:00:00')")
    first = lane(config, batches=batches, catalog=catalog)
    with connection:
        connection.execute("insert into t values (2, '2026-03-02 09:55:01')")
        connection.execute("insert into t values (3, '2026-03-02 09:54:59')")
    assert ids(lane(config, batches=batches, state=first.state, catalog=catalog)) == [1, 2]
    wide = config | {"lookback_seconds": 3600}
    assert ids(lane(wide, batches=batches, state=first.state, catalog=catalog)) == [1, 2, 3]
    none = config | {"lookback_seconds": 0}
    assert ids(lane(none, batches=batches, state=first.state, catalog=catalog)) == [1]


def test_the_bookmark_never_goes_back(sqlite, lane):
    connection, config = sqlite
    catalog = incremental(config, "at")
    with connection:
        connection.execute("insert into t values (1, '2026-03-02 10:00:00')")
        connection.execute("insert into t values (2, '2026-03-02 09:58:00')")
    first = lane(config, catalog=catalog)
    with connection:
        connection.execute("delete from t where id = 1")
    for batches in (None, "b"):
        again = lane(config, batches=batches, state=first.state, catalog=catalog)
        assert ids(again) == [2]
        assert again.state == first.state


def test_a_stream_without_a_key_is_read_from_the_bookmark_exactly(sqlite, lane):
    connection, config = sqlite
    with connection:
        connection.execute("create view v as select * from t")
        connection.execute("insert into t values (1, '2026-03-02 10:00:00')")
        connection.execute("insert into t values (2, '2026-03-02 09:58:00')")
    catalog = incremental(config, "at")
    first = lane(config, catalog=catalog)
    second = lane(config, state=first.state, catalog=catalog)
    assert [row["id"] for row in second.records["v"]] == [1]
    assert ids(second) == [1, 2]


@pytest.mark.parametrize(
    ("value", "before"),
    [
        ("2026-03-02 10:00:00", "2026-03-02 09:55:00"),
        ("2026-03-02T00:00:00.123456Z", "2026-03-01T23:55:00.123456Z"),
        ("2026-03-02 10:00:00.5+02:00", "2026-03-02 09:55:00.5+02:00"),
        ("2026-03-02 10:00", "2026-03-02 09:55"),
        ("2026-03-02", "2026-03-01"),
        ("ORD-000017", "ORD-000017"),
        ("0001-01-01 00:00:00", "0001-01-01 00:00:00"),
        (17, 17),
        (date(2026, 3, 2), date(2026, 3, 1)),
        (datetime.fromisoformat("2026-03-02T10:00"), datetime.fromisoformat("2026-03-02T09:55")),
        (None, None),
    ],
)
def test_an_earlier_time_keeps_its_spelling_and_what_is_no_time_stays(value, before):
    assert earlier(value, 300) == before


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "date", "bigint", "numeric(9,2)"])
def test_postgres_bookmarks_are_the_same_in_both_lanes(fresh, postgres, lane, kind):
    value = (
        "id"
        if kind in ("bigint", "numeric(9,2)")
        else "timestamp '2026-03-02' + id * '1h'::interval"
    )
    with fresh.begin() as connection:
        connection.exec_driver_sql(
            f"create table t (id int primary key, at {kind}, n numeric(9, 2))"
        )
        connection.exec_driver_sql(
            f"insert into t select id, ({value})::{kind}, 1 from generate_series(1, 30) id"
        )
        connection.exec_driver_sql(
            "update t set n = 'NaN' where id in (3, 30); update t set at = null where id = 9"
        )
    config = {"url": postgres, "chunk_size": 4, "naive_timezone": "UTC"}
    catalog = incremental(config, "at")
    slow, fast = lane(config, catalog=catalog), lane(config, catalog=catalog, batches="b")
    assert slow.state == fast.state
    assert ids(slow) == ids(fast) == list(range(1, 31))
    assert [row["id"] for row in fast.records["t"]] == [3, 30]
    assert fast.batched["t"][0]["id"] == 9
    again = lane(config, catalog=catalog, state=fast.state)
    assert ids(again) == ids(lane(config, catalog=catalog, state=slow.state, batches="c"))
    assert {9, 30} <= set(ids(again)) and (20 not in ids(again) or kind == "date")


@pytest.mark.slow
def test_an_infinite_time_is_no_bookmark(fresh, postgres, lane):
    with fresh.begin() as connection:
        connection.execute(
            sa.text(
                "create table t (id int primary key, at timestamptz);"
                "insert into t values (1, '2026-03-02 10:00Z'), (2, 'infinity')"
            )
        )
    config = {"url": postgres}
    catalog = incremental(config, "at")
    for batches in (None, "b"):
        first = lane(config, catalog=catalog, batches=batches)
        mark = first.state["bookmarks"]["t"]["replication_key_value"]
        assert mark == "2026-03-02T10:00:00+00:00"
        assert ids(lane(config, catalog=catalog, batches=batches, state=first.state)) == [1, 2]
