"""Through the target, both lanes leave the same tables and the same quarantine."""

import io
import json
from collections import Counter
from decimal import Decimal

import pytest

from warehouse.lake import Lake
from warehouse.landing.settings import Settings
from warehouse.target import land

OWN = ("_sdc_%", "_load_id")


def landed(lane, home, **settings):
    land(Settings(home=home, source="src", **settings), io.BytesIO(lane.text.encode()))
    return Lake(home)


def tables(lake):
    """Each stored table: its columns with their types, and its rows."""
    found = {}
    with lake.connect(read_only=True) as con:
        names = con.execute(
            "select table_name from duckdb_tables() where schema_name = 'src' order by 1"
        ).fetchall()
        for (name,) in names:
            columns = con.execute(f'describe lake.src."{name}"').fetchall()
            kept = [(c[0], c[1]) for c in columns if not c[0].startswith(("_sdc_", "_load_id"))]
            listed = ", ".join(f'"{column}"::varchar' for column, _ in kept)
            rows = con.execute(f'select {listed} from lake.src."{name}" order by all').fetchall()
            found[name] = kept, rows
    return found


def held(lake):
    """The quarantine: stream, reason, and the record as it was sent."""
    with lake.connect(read_only=True) as con:
        rows = con.execute("select stream, reason, raw from lake.hub.quarantine").fetchall()
    found = Counter()
    for stream, reason, raw in rows:
        message = json.loads(raw, parse_float=Decimal)
        found[stream, reason, json.dumps(message["record"], default=str, sort_keys=True)] += 1
    return found


def equal(slow, fast, tmp_path):
    one = landed(slow, tmp_path / "slow")
    two = landed(fast, tmp_path / "fast", batch_root=tmp_path / "b")
    assert held(one) == held(two)
    kept, other = tables(one), tables(two)
    assert kept.keys() == other.keys()
    for name, (columns, rows) in kept.items():
        assert other[name][0] == columns
        assert other[name][1] == rows, name
    return {name: len(rows) for name, (_, rows) in kept.items()}, sum(held(one).values())


@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_sqlite_lands_the_same_by_both_lanes(awkward_sqlite, lane, tmp_path, zone):
    url, count = awkward_sqlite
    config = {"url": url, "naive_timezone": zone}
    stored, kept_back = equal(lane(config), lane(config, batches="b"), tmp_path)
    assert kept_back > 20 and stored["odd"] > 20
    assert stored["odd"] + kept_back == count


@pytest.mark.slow
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_postgres_lands_the_same_by_both_lanes(awkward_postgres, lane, tmp_path, zone):
    url, count = awkward_postgres
    config = {"url": url, "naive_timezone": zone}
    stored, kept_back = equal(lane(config), lane(config, batches="b"), tmp_path)
    assert stored["odd"] + stored["rest"] + kept_back == count + 2


@pytest.mark.slow
def test_a_pull_by_one_lane_knows_the_rows_of_the_other_again(awkward_postgres, lane, tmp_path):
    url, _ = awkward_postgres
    config = {"url": url, "naive_timezone": "UTC"}
    lake = landed(lane(config), tmp_path / "home")
    landed(lane(config, batches="b"), tmp_path / "home", batch_root=tmp_path / "b")
    with lake.connect(read_only=True) as con:
        counted = con.execute(
            "select load_id, sum(inserted)::int, sum(updated)::int, sum(duplicate)::int"
            " from lake.hub.ledger where stream = 'odd' group by 1 order by 1"
        ).fetchall()
    (_, inserted, _, _), (_, again, updated, duplicate) = counted
    assert (again, updated, duplicate) == (0, 0, inserted)
