"""A stream that fails stops only itself: the others come whole, and the end says which failed."""

import contextlib
import io
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.sql.tap import TapSQL
from connectors.tap import FAILED_STREAM, STREAMS_FAILED, StreamsFailed

TABLES = """
create table a (id integer primary key, at datetime);
create table c (id integer primary key, at datetime);
create view b as
    select id, at, case when id = 3 then abs(-9223372036854775808) end as n from a;
"""


@pytest.fixture
def database(tmp_path):
    with sqlite3.connect(tmp_path / "source.db") as connection:
        connection.executescript(TABLES)
        for table in "ac":
            rows = [(n, f"2026-03-02 10:00:0{n}") for n in range(5)]
            connection.executemany(f"insert into {table} values (?, ?)", rows)
    connection.close()
    return tmp_path / "source.db"


def catalog(url):
    found = TapSQL(config={"url": url}).catalog_dict
    for entry in found["streams"]:
        entry["replication_method"], entry["replication_key"] = "INCREMENTAL", "at"
    return found


def ran(tap):
    """Run a tap that ends with a failure; return its messages."""
    written = io.StringIO()
    with contextlib.redirect_stdout(written), pytest.raises(StreamsFailed) as failed:
        tap.sync_all()
    return [json.loads(line) for line in written.getvalue().splitlines()], str(failed.value)


@pytest.mark.parametrize("batches", [False, True])
def test_the_others_come_whole_and_the_failed_one_keeps_its_bookmark(database, tmp_path, batches):
    url = f"sqlite:///{database}"
    config = {"url": url, "chunk_size": 1}
    if batches:
        storage = {"root": (tmp_path / "out").as_uri()}
        config["batch_config"] = {"encoding": {"format": "parquet"}, "storage": storage}
    before = {"replication_key": "at", "replication_key_value": "2026-03-01 00:00:00"}
    state = {"bookmarks": {"b": dict(before)}}
    messages, said = ran(TapSQL(config=config, catalog=catalog(url), state=state))
    assert said.startswith("1 of 3 streams failed, each with a line above: b. ")
    last = [message["value"] for message in messages if message["type"] == "STATE"][-1]
    assert last["bookmarks"]["b"] == before
    for whole in "ac":
        assert last["bookmarks"][whole]["replication_key_value"] == "2026-03-02 10:00:04"


@pytest.mark.slow
@pytest.mark.parametrize("batches", [None, "b"])
def test_postgres_goes_on_after_a_table_that_may_not_be_read_to_its_end(
    fresh, postgres, lane, batches
):
    with fresh.begin() as connection:
        connection.execute(
            sa.text(
                "create table a (id int primary key); create table z (id int primary key);"
                "create view b as select 1 / (3 - id) as n from a;"
                "insert into a select generate_series(1, 5); insert into z values (7)"
            )
        )
    got = lane({"url": postgres, "chunk_size": 2}, batches=batches)
    assert "above: b." in got.failed
    for stream, ids in (("a", [1, 2, 3, 4, 5]), ("z", [7])):
        assert [row["id"] for row in got.records[stream] + got.batched[stream]] == ids


@pytest.fixture
def command(database, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"url": f"sqlite:///{database}"}))
    return [Path(sys.executable).parent / "tap-sql", "--config", config]


def test_who_runs_the_command_is_told_which_streams_failed(command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == STREAMS_FAILED
    assert "Traceback" not in done.stderr
    (found,) = FAILED_STREAM.findall(done.stderr)
    assert found[0] == "b" and "integer overflow" in found[1]
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    whole = [row["stream"] for row in rows if row["type"] == "RECORD" and row["stream"] != "b"]
    assert whole == ["a"] * 5 + ["c"] * 5


def test_when_every_stream_fails_the_error_is_the_streams_own(command, database):
    with sqlite3.connect(database) as connection:
        connection.executescript("drop view b; drop table a; drop table c;")
        connection.execute("create view v as select abs(-9223372036854775808) as n")
    connection.close()
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "integer overflow" in done.stderr and "streams failed" not in done.stderr
