"""tap-sql on SQLite files made here."""

import sqlite3
from datetime import date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from singer_sdk.exceptions import ConfigurationError, FatalSyncError

import contracts
from connectors.sql.tap import TapSQL
from connectors.tap import StreamsFailed

# open_data_contract_standard reads its schema by a deprecated function:
# https://github.com/bitol-io/open-data-contract-standard/
pytestmark = pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")

MOVEMENTS = """
create table movements (
    site text not null, no integer not null, qty numeric(18, 6), at datetime,
    primary key (site, no)
);
"""


@pytest.fixture
def database(tmp_path):
    connection = sqlite3.connect(tmp_path / "source.db", isolation_level=None)
    connection.executescript(MOVEMENTS)
    yield connection
    connection.close()


@pytest.fixture
def config(tmp_path):
    return {"url": f"sqlite:///{tmp_path / 'source.db'}", "naive_timezone": "UTC"}


def incremental(tap, config, stream, key):
    """Give the tap's own catalog with one stream's replication key chosen."""
    catalog = tap(config=dict(config)).catalog_dict
    entry = next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == stream)
    entry["replication_method"], entry["replication_key"] = "INCREMENTAL", key
    return catalog


def add(database, *rows):
    database.executemany("insert into movements values (?, ?, ?, ?)", rows)


def test_pages_by_a_composite_key_lose_and_repeat_nothing(database, config, pull):
    rows = [(site, no, 1, "2026-03-02 10:00:00") for site in "abc" for no in range(11)]
    add(database, *rows)
    got = pull(TapSQL, config | {"chunk_size": 4}).records["movements"]
    assert [(row["site"], row["no"]) for row in got] == [(row[0], row[1]) for row in rows]


def test_a_second_pull_starts_at_the_bookmark_and_includes_it(database, config, pull):
    add(database, *(("a", no, 1, f"2026-03-02 10:00:0{no}.000000") for no in range(5)))
    config["lookback_seconds"] = 0
    catalog = incremental(TapSQL, config, "movements", "at")
    first = pull(TapSQL, config | {"chunk_size": 2}, catalog=catalog)
    assert len(first.records["movements"]) == 5

    # One more row at the bookmark's own instant, one later: both must come.
    add(database, ("a", 7, 1, "2026-03-02 10:00:04.000000"))
    add(database, ("a", 8, 1, "2026-03-02 10:00:09.000000"))
    second = pull(TapSQL, config, state=first.state, catalog=catalog)
    assert [row["no"] for row in second.records["movements"]] == [4, 7, 8]


def test_pages_of_rows_with_one_instant_lose_nothing(database, config, pull):
    add(database, *(("a", no, 1, "2026-03-02 10:00:00") for no in range(10)))
    catalog = incremental(TapSQL, config, "movements", "at")
    got = pull(TapSQL, config | {"chunk_size": 3}, catalog=catalog).records["movements"]
    assert [row["no"] for row in got] == list(range(10))


def test_rows_without_a_replication_key_come_with_every_pull(database, config, pull):
    add(database, ("a", 1, 1, None), ("a", 2, 1, "2026-03-02 10:00:00"))
    catalog = incremental(TapSQL, config, "movements", "at")
    first = pull(TapSQL, config, catalog=catalog)
    second = pull(TapSQL, config, state=first.state, catalog=catalog)
    assert [row["no"] for row in first.records["movements"]] == [1, 2]
    assert [row["no"] for row in second.records["movements"]] == [1, 2]


def test_a_null_in_a_sqlite_primary_key_hides_no_row(database, config, pull):
    database.execute("create table loose (code text primary key, n integer)")
    database.executemany("insert into loose values (?, ?)", [(None, 1), (None, 2), ("x", 3)])
    got = pull(TapSQL, config | {"chunk_size": 1}).records["loose"]
    assert sorted(row["n"] for row in got) == [1, 2, 3]


@pytest.mark.parametrize(
    ("stored", "emitted"),
    [
        (0.1, Decimal("0.1")),
        ("12.340000", Decimal("12.34")),
        (7, 7),
        (1e-7, Decimal("0.0000001")),
        (2**62, 2**62),
        ("See ASN-93 (ID#:1281)", "See ASN-93 (ID#:1281)"),
        ("1_000", "1_000"),
        ("", ""),
        (float("inf"), "inf"),
        (b"\xff\x00", {"base64": "/wA="}),
        (None, None),
    ],
)
def test_a_number_is_exact_or_handed_on_as_it_is(database, config, pull, stored, emitted):
    add(database, ("a", 1, stored, None))
    assert pull(TapSQL, config).records["movements"][0]["qty"] == emitted


@pytest.mark.parametrize(
    ("zone", "stored", "emitted"),
    [
        ("UTC", "2026-03-02 22:00:00.000001", "2026-03-02T22:00:00.000001+00:00"),
        ("America/New_York", "2026-03-02 22:00:00", "2026-03-03T03:00:00+00:00"),
        ("UTC", "2026-03-02T22:00:00-05:00", "2026-03-03T03:00:00+00:00"),
        ("UTC", "2026-03-02", "2026-03-02T00:00:00+00:00"),
        (None, "2026-03-02 22:00:00", "2026-03-02T22:00:00"),
        # Shown twice, and never, by the clocks of New York: which instant is not ours to guess.
        ("America/New_York", "2026-11-01 01:30:00", "2026-11-01T01:30:00"),
        ("America/New_York", "2026-03-08 02:30:00", "2026-03-08T02:30:00"),
        ("UTC", "2026-03-02 22:00:00.1234567", "2026-03-02 22:00:00.1234567"),
        ("UTC", "yesterday", "yesterday"),
        ("UTC", "2026-13-02 22:00:00", "2026-13-02 22:00:00"),
        ("UTC", 1772488800, 1772488800),
    ],
)
def test_a_time_is_exact_or_handed_on_as_it_is(database, config, pull, zone, stored, emitted):
    add(database, ("a", 1, 1, stored))
    got = pull(TapSQL, config | {"naive_timezone": zone}).records["movements"]
    assert got[0]["at"] == emitted


def test_decimals_kept_as_text_stay_exact(database, config, pull):
    database.execute("create table exact (id integer primary key, amount text)")
    values = ["123456789012345678.123456", "-0.10", "007", " 7", "7e2", "\u0667"]
    database.executemany("insert into exact (amount) values (?)", [(value,) for value in values])
    catalog = TapSQL(config=dict(config)).catalog_dict
    entry = next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == "exact")
    entry["schema"]["properties"]["amount"] = {"type": ["number", "null"]}
    got = [row["amount"] for row in pull(TapSQL, config, catalog=catalog).records["exact"]]
    assert got == [Decimal(values[0]), Decimal("-0.10"), *values[2:]]


def test_text_that_is_no_utf8_is_marked_and_costs_no_other_row(database, config, pull):
    database.execute("create table names (id integer primary key, name text)")
    database.execute("insert into names values (1, cast(x'ff41' as text)), (2, 'Ångström')")
    got = pull(TapSQL, config).records["names"]
    assert [row["name"] for row in got] == [{"base64": "/0E="}, "Ångström"]


def test_discovery_gives_exact_types(database, config):
    database.execute(
        "create table kinds (a integer primary key, b decimal(12, 2) not null, c real, "
        "d date, e boolean, f blob, g json, h varchar(9))"
    )
    streams = TapSQL(config=config).catalog_dict["streams"]
    kinds = next(entry for entry in streams if entry["tap_stream_id"] == "kinds")["schema"]
    found = kinds["properties"]
    assert found["b"]["multipleOf"] == 0.01
    assert found["b"]["x-sql-datatype"] == "DECIMAL(12,2)"
    assert found["b"]["type"] == ["number"]
    assert found["c"]["x-sql-datatype"] == "DOUBLE"
    assert found["d"] == {"type": ["string", "null"], "format": "date", "x-sql-datatype": "DATE"}
    assert found["e"]["type"] == ["boolean", "null"]
    assert found["f"] == {"type": ["string", "null"], "contentEncoding": "base64"}
    assert found["g"]["type"] == ["object", "array", "null"]
    assert found["h"]["x-sql-datatype"] == "VARCHAR"


def contracted(tmp_path, contract, *, without=None, rename=None):
    """Make a database with the tables of a contract, one value a type in each."""
    kinds = {"VARCHAR": sa.String, "BIGINT": sa.BigInteger, "DATE": sa.Date, "JSON": sa.JSON}
    kinds |= {"TIMESTAMPTZ": sa.DateTime, "BOOLEAN": sa.Boolean}
    moment = datetime.fromisoformat("2026-03-02 22:00")
    samples = {sa.DateTime: moment, sa.Date: date(2026, 3, 2), sa.String: "x"}
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'source.db'}")
    meta, rows = sa.MetaData(), {}
    for table in contracts.read(f"sources/{contract}").tables:
        if table.name == without:
            continue
        columns, row = [], {}
        for column in table.columns:
            kind = kinds.get(column.physical_type, sa.Numeric(18, 6, asdecimal=False))
            name = (rename or {}).get(f"{table.name}.{column.name}", column.name)
            columns.append(sa.Column(name, kind, primary_key=column.name in table.primary_key))
            row[name] = samples.get(kind, 1)
        rows[table.name] = row
        sa.Table(table.name, meta, *columns, sa.Column("internal_note", sa.String))
    meta.create_all(engine)
    with engine.begin() as connection:
        for name, row in rows.items():
            connection.execute(meta.tables[name].insert(), row)
    engine.dispose()


@pytest.mark.parametrize("contract", ["erp", "wms"])
def test_a_contract_decides_streams_columns_and_keys(tmp_path, config, pull, contract):
    contracted(tmp_path, contract)
    got = pull(TapSQL, config | {"contract": contract})
    tables = contracts.read(f"sources/{contract}").tables
    assert set(got.records) == {table.name for table in tables}
    for table in tables:
        assert list(got.records[table.name][0]) == [column.name for column in table.columns]
        assert got.keys[table.name] == list(table.primary_key)
        bookmark = got.state["bookmarks"][table.name]
        assert bookmark.get("replication_key") == table.replication_key


def test_a_renamed_column_is_named_with_what_it_may_have_become(tmp_path, config):
    contracted(tmp_path, "erp", rename={"products.unit_cost": "unitcost"})
    tap = TapSQL(config=config | {"contract": "erp"})
    with pytest.raises(StreamsFailed, match=r"^1 of \d+ streams failed.*: products\. The others"):
        tap.sync_all()
    with pytest.raises(ConfigurationError, match=r"'products\.unit_cost'.*'unitcost'.*has: sku"):
        raise tap.failed["products"]


def test_a_missing_table_is_named_with_what_there_is(tmp_path, config):
    contracted(tmp_path, "wms", without="stock")
    tap = TapSQL(config=config | {"contract": "wms"})
    with pytest.raises(StreamsFailed):
        tap.sync_all()
    with pytest.raises(ConfigurationError, match=r"table 'stock'.*It has: bins, facilities"):
        raise tap.failed["stock"]


def test_a_missing_file_is_not_created(tmp_path):
    with pytest.raises(FatalSyncError, match="no such file"):
        TapSQL(config={"url": f"sqlite:///{tmp_path / 'none.db'}"})
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("{}", "needs the setting 'url'"),
        ('{"url": "sqlite://", "chunksize": 1}', "has no setting 'chunksize'. It has: url"),
        ('{"url": "not a url"}', "is not a SQLAlchemy URL"),
        ('{"url": "nosuch://me:hunter2@host/db"}', "nosuch://me:***@host/db"),
        ('{"url": "postgresql+psycopg://me:hunter2@127.0.0.1:1/db"}', "Cannot read postgresql"),
        ('{"url": "sqlite://", "naive_timezone": "Mars/Base"}', "no IANA time zone"),
        ('{"url": "sqlite://", "contract": "nope"}', "sources/nope"),
    ],
)
@pytest.mark.parametrize("mode", [[], ["--discover"], ["--test"]])
def test_a_bad_setting_ends_in_one_line_without_secret(tmp_path, caplog, config, says, mode):
    (tmp_path / "config.json").write_text(config)
    result = CliRunner().invoke(TapSQL.cli, ["--config", str(tmp_path / "config.json"), *mode])
    assert result.exit_code == 1
    assert says in caplog.text
    assert "hunter2" not in caplog.text + result.output
    assert "Traceback" not in caplog.text + result.output
