"""The network fails around COMMIT: what the lake says afterwards is what is in it."""

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from warehouse.catalogs import guard
from warehouse.errors import LakeError
from warehouse.lake import Lake

ROWS = 300  # more than DuckLake keeps in its catalog: they become files
STEP = 100


@pytest.fixture
def lake(lake: Lake) -> Lake:
    with lake.connect() as con:
        con.execute("CREATE SCHEMA lake.erp")
        con.execute("CREATE TABLE lake.erp.products (id INT, n INT)")
    return lake


def upsert(lake: Lake, con: duckdb.DuckDBPyConnection, n: int, cut: Callable[[], None]) -> None:
    """Commit batch `n`: it overwrites rows of the batches before and deletes some."""
    with lake.lock(purpose=f"batch {n}"):
        con.execute("BEGIN")
        begin = n * STEP
        con.execute("DELETE FROM lake.erp.products WHERE id >= ? OR id = ?", [begin, begin - 7])
        con.execute(
            "INSERT INTO lake.erp.products SELECT range, ? FROM range(?, ?)",
            [n, begin, begin + ROWS],
        )
        cut()
        lake.commit(con)


def expected(batches: int) -> list[tuple[int, int]]:
    rows: dict[int, int] = {}
    for n in range(batches):
        begin = n * STEP
        rows.pop(begin - 7, None)
        rows |= dict.fromkeys(range(begin, begin + ROWS), n)
    return sorted(rows.items())


def stored(lake: Lake) -> list[tuple[Any, ...]]:
    with lake.connect(read_only=True) as con:
        return con.execute("SELECT id, n FROM lake.erp.products ORDER BY ALL").fetchall()


@pytest.mark.parametrize(
    "how",
    [
        "reply",
        pytest.param("before", marks=pytest.mark.slow),
        pytest.param("late", marks=pytest.mark.slow),
    ],
)
def test_a_cut_commit_neither_loses_nor_doubles_a_row(
    how: str, lake: Lake, lake_behind: Callable[[int], Lake], cutter: Any
) -> None:
    behind = lake_behind(cutter.port)
    with behind.connect() as con:
        for n in range(20):
            try:
                upsert(behind, con, n, lambda: cutter.cut(how))
                landed = True
            except LakeError as error:
                assert "the lake is as it was before" in str(error)
                landed = False
            assert cutter.has_cut()
            assert landed == (how == "reply")
            assert stored(lake) == expected(n + 1 if landed else n)
            if not landed:
                upsert(behind, con, n, lambda: None)
    assert stored(lake) == expected(20)
    assert not list((lake.paths.data.parent / guard.FOLDER).iterdir())


def _commit_and_die(home: Path, url: str, n: int) -> None:
    lake = Lake(home, url)
    guard.settle = lambda *_: os._exit(9)  # killed when the reply is lost, before it looks
    with lake.connect() as con:
        upsert(lake, con, n, lambda: None)


@pytest.mark.parametrize("how", ["reply", "before"])
def test_who_dies_before_looking_is_settled_by_whoever_opens_the_lake_next(
    how: str,
    lake: Lake,
    lake_behind: Callable[[int], Lake],
    cutter: Any,
    server: Any,
    database: str,
) -> None:
    with lake.connect() as con:
        upsert(lake, con, 0, lambda: None)
    cutter.cut(how)
    child = multiprocessing.get_context("spawn").Process(
        target=_commit_and_die,
        args=(lake.paths.home, server.url(database, port=cutter.port), 1),
    )
    child.start()
    child.join(60)
    assert child.exitcode == 9
    assert cutter.has_cut()
    assert list((lake.paths.data.parent / guard.FOLDER).iterdir())
    assert stored(lake) == expected(2 if how == "reply" else 1)
    assert not list((lake.paths.data.parent / guard.FOLDER).iterdir())


def test_a_catalog_out_of_reach_leaves_the_answer_open_and_the_next_start_finds_it(
    lake: Lake,
    lake_behind: Callable[[int], Lake],
    cutter: Any,
    server: Any,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guard, "PATIENCE_S", 0.5)
    behind = lake_behind(cutter.port)

    def go() -> None:
        cutter.cut("reply")
        server.admin(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")

    with behind.connect() as con, pytest.raises(LakeError, match="It is not known whether"):
        upsert(behind, con, 0, go)
    assert not list(lake.paths.data.rglob("*.parquet"))  # DuckLake has deleted what is committed
    server.admin(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    lake.create()
    assert stored(lake) == expected(1)


def test_a_replaced_table_survives_a_lost_reply(
    lake: Lake, lake_behind: Callable[[int], Lake], cutter: Any
) -> None:
    behind = lake_behind(cutter.port)
    for count in (3, ROWS):  # kept in the catalog, and in a file
        cutter.cut("reply")
        behind.replace(
            "hub.verdict", pa.table({"n": range(count), "layer": ["a"] * count}), {"layer": "a"}
        )
        assert cutter.has_cut()
        with lake.connect(read_only=True) as con:
            found = con.execute("SELECT count(n), sum(n) FROM lake.hub.verdict").fetchall()
        assert found == [(count, sum(range(count)))]


def test_nothing_is_committed_without_the_lock_that_was_lost(
    lake: Lake, server: Any, database: str
) -> None:
    def lose() -> None:
        server.admin(
            "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            f" WHERE locktype = 'advisory' AND datname = '{database}'"
        )

    with lake.connect() as con:
        with pytest.raises(LakeError, match=r"The lock 'write' on .* was lost"):
            upsert(lake, con, 0, lose)
        upsert(lake, con, 0, lambda: None)
    assert stored(lake) == expected(1)
