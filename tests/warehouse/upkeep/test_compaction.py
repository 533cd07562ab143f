"""A table is brought back into bounds by itself, and its content stays what it was."""

import random
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from warehouse.landing.commit import MEMORY
from warehouse.upkeep import bounds
from warehouse.upkeep.compaction import keep_bounded

NOW = datetime(2026, 3, 2, 22, tzinfo=UTC)
COLUMNS = {"id": {"type": "integer"}, "v": {"type": ["string", "null"]}}


@pytest.fixture
def con(landed: Any) -> Any:
    with landed.lake.connect() as con:
        con.execute("CREATE SCHEMA lake.src; CREATE TABLE lake.src.t (i BIGINT, v VARCHAR)")
        yield con


def tidy(landed: Any, con: duckdb.DuckDBPyConnection) -> list[str]:
    with landed.lake.lock():
        return [one.table for one in keep_bounded(landed.lake, con, "src", NOW)]


def fill(con: duckdb.DuckDBPyConnection, table: str = "t") -> bounds.Fill:
    (found,) = [one for one in bounds.measure(con, ("src",)) if one.table == table]
    return found


def content(con: duckdb.DuckDBPyConnection, table: str = "src.t") -> list[Any]:
    return con.execute(f"FROM lake.{table} ORDER BY ALL").fetchall()


def unsealed(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the newest snapshot's files that are not sealed."""
    sealed = {row[0] for row in con.execute("SELECT path FROM lake.hub.file").fetchall()}
    return {one.path for one in fill(con).files} - sealed


def test_many_small_files_become_one(landed: Any, con: Any) -> None:
    for i in range(bounds.FILES_A_TIER):
        con.execute(f"INSERT INTO lake.src.t SELECT {i}, 'v' FROM range(20)")
    before = content(con)
    assert tidy(landed, con) == ["src.t"]
    assert len(fill(con).files) == 1
    assert unsealed(con) == set()
    assert content(con) == before
    assert tidy(landed, con) == []


def test_files_of_more_than_fits_into_memory_become_one(landed: Any, con: Any) -> None:
    # Sorted by their arrival, so wide a table's files do not fit; streamed they do.
    wide = ", ".join(f"repeat(md5((n + {i})::VARCHAR), 4) AS v{i}" for i in range(8))
    con.execute(f"CREATE OR REPLACE TABLE lake.src.t AS SELECT n, {wide} FROM range(0) r(n)")
    for i in range(bounds.FILES_A_TIER):
        rows = f"range({i} * 60000, {i} * 60000 + 60000) r(n)"
        con.execute(f"INSERT INTO lake.src.t SELECT n, {wide} FROM {rows}")
    con.execute(f"SET memory_limit = '{MEMORY}'")
    asked = "SELECT count(*), sum(hash(t)) FROM lake.src.t"
    before = con.execute(asked).fetchall()
    assert tidy(landed, con) == ["src.t"]
    assert len(fill(con).files) == 1
    assert con.execute(asked).fetchall() == before
    assert con.execute("SELECT current_setting('preserve_insertion_order')").fetchall() == [(True,)]


def test_rows_and_deletes_that_wait_in_the_catalog_are_flushed(landed: Any, con: Any) -> None:
    con.execute("INSERT INTO lake.src.t SELECT i, 'old' FROM range(5000) r(i)")
    con.execute("BEGIN")
    for i in range(0, bounds.INLINED_ROWS, 9):
        con.execute(f"INSERT INTO lake.src.t SELECT i, 'new' FROM range({i}, {i + 9}) r(i)")
        con.execute(f"DELETE FROM lake.src.t WHERE v = 'old' AND i = {i}")
    con.execute("COMMIT")
    before = content(con)
    assert fill(con).inlined > bounds.INLINED_ROWS
    assert tidy(landed, con) == ["src.t"]
    assert fill(con).inlined == 0
    assert content(con) == before


def test_deletes_that_wait_in_the_catalog_are_counted_where_there_are_any(
    landed: Any, con: Any
) -> None:
    con.execute("INSERT INTO lake.src.t VALUES (1, 'inlined')")
    con.execute("DELETE FROM lake.src.t")
    assert fill(con).inlined == 1  # the dead row itself
    con.execute("INSERT INTO lake.src.t SELECT i, 'in a file' FROM range(100) r(i)")
    con.execute("DELETE FROM lake.src.t WHERE i < 3")
    assert fill(con).inlined == 4


def test_files_of_which_much_is_deleted_are_rewritten_and_others_are_not(
    landed: Any, con: Any
) -> None:
    con.execute("INSERT INTO lake.src.t SELECT i, 'v' FROM range(1000) r(i)")
    con.execute("INSERT INTO lake.src.t SELECT i, 'v' FROM range(1000, 1500) r(i)")
    whole = fill(con).files[1].path
    con.execute("DELETE FROM lake.src.t WHERE i < 800")
    before = content(con)
    assert tidy(landed, con) == ["src.t"]
    assert sorted(one.rows for one in fill(con).files) == [200, 500]
    assert whole in [one.path for one in fill(con).files]
    assert sum(one.deleted for one in fill(con).files) == 0
    assert content(con) == before


def test_a_column_named_as_ducklake_names_the_file_is_kept(landed: Any, con: Any) -> None:
    con.execute('CREATE TABLE lake.src.f ("Filename" VARCHAR, i BIGINT)')
    for i in range(bounds.FILES_A_TIER):
        con.execute(f"INSERT INTO lake.src.f SELECT 'a.csv', i FROM range({i}, {i + 20}) r(i)")
    before = content(con, "src.f")
    assert tidy(landed, con) == ["src.f"]
    assert len(fill(con, "f").files) == 1
    assert content(con, "src.f") == before
    assert con.execute("DESCRIBE lake.src.f").fetchall()[0][0] == "Filename"


def test_a_table_of_another_source_is_left_alone(landed: Any, con: Any) -> None:
    con.execute("CREATE SCHEMA lake.other; CREATE TABLE lake.other.t (i BIGINT)")
    for i in range(2 * bounds.FILES_A_TIER):
        con.execute(f"INSERT INTO lake.other.t SELECT {i} FROM range(20)")
    assert tidy(landed, con) == []


@pytest.mark.parametrize("seed", range(3))
def test_whatever_was_done_to_a_table_compaction_changes_no_row(
    landed: Any, con: Any, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "INLINED_ROWS", 15)
    monkeypatch.setattr(bounds, "FILES_A_TIER", 3)
    draw = random.Random(seed)  # noqa: S311 - a plan, no secret
    for step in range(24):
        low, many = draw.randrange(600), draw.choice([2, 9, 30, 300])
        statement = draw.choice(
            [
                "INSERT INTO lake.src.t (i, v) SELECT i, 'new' FROM range($low, $high) r(i)",
                "DELETE FROM lake.src.t WHERE i >= $low AND i < $high",
                "UPDATE lake.src.t SET v = v || '+' WHERE i >= $low AND i < $high",
            ]
        )
        con.execute(statement, {"low": low, "high": low + many})
        if step == 12:
            con.execute("ALTER TABLE lake.src.t ADD COLUMN late BIGINT DEFAULT 7")
            con.execute("ALTER TABLE lake.src.t RENAME TO u; ALTER TABLE lake.src.u RENAME TO t")
        before = content(con)
        tidy(landed, con)
        assert content(con) == before
        assert not fill(con).is_due
        assert fill(con).inlined <= 15


def test_many_small_loads_leave_few_files_and_few_rows_in_the_catalog(landed: Any) -> None:
    for batch in range(12):
        rows = [
            landed.record("s", {"id": (batch * 7 + i) % 90, "v": f"{batch}"}) for i in range(15)
        ]
        landed.load(landed.schema("s", COLUMNS, ["id"]), *rows)
        with landed.lake.connect() as con:
            tidy(landed, con)
    with landed.lake.connect(read_only=True) as con:
        for one in bounds.measure(con):
            assert len(one.files) < bounds.FILES_A_TIER * len(bounds.TIERS)
            assert one.inlined <= bounds.INLINED_ROWS
    assert len(landed.rows("src.s", "id")) == 90
