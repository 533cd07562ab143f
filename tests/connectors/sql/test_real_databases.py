"""tap-sql on databases that we did not design: Northwind, and a PostgreSQL server."""

import sqlite3
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from connectors.sql.tap import TapSQL


def test_northwind_loads_wholly(tmp_path, shared, pull):
    script = (shared / "northwind" / "create.sql").read_text()
    with sqlite3.connect(tmp_path / "northwind.db") as database:
        database.execute("pragma synchronous = off")  # it commits every line
        database.execute("pragma journal_mode = off")
        database.executescript(script)
    got = pull(TapSQL, {"url": f"sqlite:///{tmp_path / 'northwind.db'}", "chunk_size": 100})
    names = database.execute(
        "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite%'"
    )
    for (name,) in names.fetchall():
        (count,) = database.execute(f'select count(*) from "{name}"').fetchone()
        assert len(got.records[name]) == count, name
    assert got.keys["Order Details"] == ["OrderID", "ProductID"]
    pictures = database.execute("select CategoryID, Picture from Categories order by 1").fetchall()
    categories = got.records["Categories"]
    assert [(row["CategoryID"], b64decode(row["Picture"])) for row in categories] == pictures
    database.close()


ODD = """
create table odd (
    id uuid, n int, price numeric(12, 4), free numeric, ratio double precision, at timestamptz,
    local timestamp, day date, raw bytea, doc jsonb, tags text[], ok boolean,
    took interval, primary key (id, n)
);
insert into odd values
    ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 1, 12345678.9012, 0.10000000000000000000001, 0.1,
     '2026-03-02 22:00:00.000001+02', '2026-03-02 22:00', '2026-03-02', '\\xdeadbeef',
     '{"a": 1.10000000000000000001}', '{x,y}', true, '1 day'),
    ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 2, 'NaN', null, 'Infinity', 'infinity',
     '-infinity', 'infinity', null, null, null, null, null);
"""


@pytest.mark.slow
def test_postgres_values_are_exact_or_handed_on_as_they_are(fresh, postgres, pull):
    with fresh.begin() as connection:
        connection.exec_driver_sql(ODD)
    got = pull(TapSQL, {"url": postgres, "chunk_size": 1})
    plain, odd = got.records["odd"]
    assert plain["id"] == "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    assert plain["price"] == Decimal("12345678.9012")
    assert plain["free"] == Decimal("0.10000000000000000000001")
    assert plain["at"] == "2026-03-02T20:00:00.000001+00:00"
    assert plain["local"] == "2026-03-02T22:00:00"
    assert b64decode(plain["raw"]) == b"\xde\xad\xbe\xef"
    assert plain["doc"] == {"a": Decimal("1.10000000000000000001")}
    assert plain["tags"] == ["x", "y"]
    assert (odd["price"], odd["ratio"], odd["day"]) == ("NaN", "inf", "infinity")
    assert (odd["at"], odd["local"]) == ("infinity", "-infinity")
    properties = got.schemas["odd"]["properties"]
    assert properties["at"]["x-sql-datatype"] == "TIMESTAMPTZ"
    assert properties["local"]["x-sql-datatype"] == "TIMESTAMP"
    assert properties["free"] == {"type": ["number", "null"]}


@pytest.mark.slow
@pytest.mark.parametrize("server_zone", ["UTC", "America/New_York"])
def test_postgres_bookmarks_hold_whatever_the_server_zone(fresh, postgres, pull, server_zone):
    start = datetime(2026, 3, 2, 22, tzinfo=UTC)
    with fresh.begin() as connection:
        database = connection.engine.url.database
        connection.exec_driver_sql(f"alter database {database} set timezone to '{server_zone}'")
        connection.exec_driver_sql("create table t (id int primary key, at timestamptz not null)")
        for i in range(9):
            connection.execute(
                sa.text("insert into t values (:i, :at)"),
                {"i": i, "at": start + timedelta(hours=i)},
            )
    catalog = TapSQL(config={"url": postgres}).catalog_dict
    catalog["streams"][0] |= {"replication_method": "INCREMENTAL", "replication_key": "at"}
    config = {"url": postgres, "chunk_size": 2}
    first = pull(TapSQL, config, catalog=catalog)
    assert [row["id"] for row in first.records["t"]] == list(range(9))
    with fresh.begin() as connection:
        connection.exec_driver_sql("update t set at = at + interval '1 day' where id = 3")
    second = pull(TapSQL, config, state=first.state, catalog=catalog)
    assert [row["id"] for row in second.records["t"]] == [8, 3]


@pytest.mark.slow
def test_postgres_schemas_are_read_when_named(fresh, postgres, pull):
    with fresh.begin() as connection:
        connection.exec_driver_sql(
            "create table here (id int primary key); create table other.there (id int);"
            "insert into here values (1); insert into other.there values (2);"
            'create view other."a view" as select 5 as x'
        )
    assert set(pull(TapSQL, {"url": postgres}).records) == {"here"}
    got = pull(TapSQL, {"url": postgres, "schemas": ["public", "other"]})
    assert set(got.records) == {"here", "other-there", "other-a view"}
