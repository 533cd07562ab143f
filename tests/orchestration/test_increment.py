"""A build goes on from the last one only where that one stands as it was left."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration import build, increment
from warehouse.lake import Lake
from warehouse.upkeep import expiry
from warehouse.upkeep.maintain import maintain

pytestmark = pytest.mark.filterwarnings(
    # open-data-contract-standard 3.2.0 reads its schema through importlib.resources.open_text
    "ignore:open_text is deprecated:DeprecationWarning"
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with the contracted tables, and a finished build of it."""
    lake = Lake(tmp_path).create()
    with lake.connect() as con:
        build.provide_tables(con)
    increment.finish(tmp_path, "models", begin(lake))
    return lake


def begin(lake: Lake, project: str = "models", *, is_whole: bool = True) -> increment.Span:
    return increment.begin(lake, lake.paths.home, project, is_whole=is_whole, small=-1)


def write(lake: Lake, statement: str) -> None:
    with lake.connect() as con:
        con.execute(statement)


def test_a_build_begins_where_the_last_one_had_read_to(lake: Lake) -> None:
    with lake.connect() as con:
        (newest,) = con.execute("select max(snapshot_id) from lake.snapshots()").fetchone() or ()
    write(lake, "insert into lake.shop.listings (listing_id) values (1)")
    span = begin(lake)
    assert (span.since, span.until) == (newest, newest + 1)
    assert span.why == f"since snapshot {newest}, in 1 tables"


def test_rows_that_upkeep_moved_have_not_changed(lake: Lake) -> None:
    for batch in range(12):
        numbers = f"select {batch} * 1000 + i from range(1000) as r (i)"
        write(lake, f"insert into lake.shop.listings (listing_id) {numbers}")
    increment.finish(lake.paths.home, "models", begin(lake))
    compacted = maintain(lake, datetime.now(UTC)).compacted
    assert "shop.listings" in {one.table for one in compacted}, "nothing is tested"
    assert begin(lake).changed == {}


def test_a_build_that_died_leaves_nothing_to_go_on_from(lake: Lake) -> None:
    assert begin(lake).since is not None
    assert begin(lake).since is None, "the first of the two never finished"


def another_project(lake: Lake) -> increment.Span:
    return begin(lake, "other models")


def a_part(lake: Lake) -> increment.Span:
    return begin(lake, is_whole=False)


def another_workbench(lake: Lake) -> increment.Span:
    (lake.paths.home / increment.WORKBENCH).unlink()
    return begin(lake)


def expired_snapshots(lake: Lake) -> increment.Span:
    write(lake, "insert into lake.shop.listings (listing_id) values (1)")
    with lake.connect() as con:
        expiry.expire(lake, con, datetime.now(UTC) + timedelta(days=1))
    return begin(lake)


def another_column(lake: Lake) -> increment.Span:
    write(lake, "alter table lake.shop.listings add column colour varchar")
    return begin(lake)


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (another_project, "the models or contracts changed"),
        (a_part, "a part of the models is built"),
        (another_workbench, "no finished build stands on the workbench"),
        (expired_snapshots, "upkeep has expired snapshot"),
        (another_column, "shop.listings was made anew or has other columns"),
    ],
)
def test_everything_is_built_after(
    lake: Lake, after: Callable[[Lake], increment.Span], why: str
) -> None:
    span = after(lake)
    assert span.since is None
    assert span.why.startswith(why)


def test_a_small_hub_is_built_whole(lake: Lake) -> None:
    span = increment.begin(lake, lake.paths.home, "models")
    assert span.since is None and span.why.startswith("it is small")
