"""Upkeep frees what nobody needs, and nobody's rows change."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from warehouse import catalog
from warehouse.errors import ReleaseError
from warehouse.upkeep import bounds, retention
from warehouse.upkeep.expiry import expire
from warehouse.upkeep.fsck import fsck
from warehouse.upkeep.maintain import Account, Keep, maintain

NOTHING = timedelta(0)
# Nothing is old in a test, so these keep nothing for its age.
KEEP = Keep(snapshots=NOTHING, releases=2, grace=NOTHING)


def later() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def on_disk(used: Any) -> set[str]:
    data = used.lake.paths.data
    return {str(path.relative_to(data)) for path in data.rglob("*.parquet")}


def needed(used: Any) -> set[str]:
    with used.lake.connect(read_only=True) as con:
        return set(catalog.of_lake(con)) | retention.needed(used.lake)


def clean(used: Any) -> bool:
    return not fsck(used.lake, later()).findings


def test_only_what_somebody_needs_is_left_and_every_row_stays(used: Any) -> None:
    before, released = used.content(), used.released()
    account = maintain(used.lake, later(), KEEP)
    assert account.swept.scheduled > 0
    assert account.snapshots > 0
    assert used.content() == before
    assert on_disk(used) == needed(used)
    kept = used.released()
    assert kept == {name: released[name] for name in sorted(released)[-2:]}
    assert clean(used)


def test_with_the_usual_settings_nothing_young_is_forgotten(used: Any) -> None:
    files, released = on_disk(used), used.released()
    account = maintain(used.lake, datetime.now(UTC))
    assert account.snapshots == 0
    assert account.releases == []
    assert on_disk(used) >= files
    assert used.released() == released


def test_upkeep_done_again_does_nothing(used: Any) -> None:
    maintain(used.lake, later(), KEEP)
    before = on_disk(used)
    again = maintain(used.lake, later(), KEEP)
    assert again.compacted == []
    assert again.releases == []
    assert again.swept.bytes == 0
    assert on_disk(used) == before


def test_a_file_of_a_kept_release_is_never_deleted(used: Any) -> None:
    released = used.released()
    for step in range(3, 6):
        used.load(step)
        used.build()  # the lake itself no longer needs what the releases read
    maintain(used.lake, later(), Keep(NOTHING, releases=3, grace=NOTHING))
    assert used.released() == released
    assert clean(used)


def test_the_current_release_is_kept_however_old(used: Any) -> None:
    current = used.releases.current()
    assert current is not None
    maintain(used.lake, later(), Keep(NOTHING, releases=0, grace=NOTHING))
    assert list(used.released()) == [current.release_id]


def test_nothing_is_deleted_while_a_release_hides_what_it_needs(used: Any) -> None:
    damaged = used.lake.paths.releases / used.releases.list()[-2].release_id / "catalog.sqlite"
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:-100])
    before = on_disk(used)
    with pytest.raises(ReleaseError, match="nobody knows which data files it needs"):
        maintain(used.lake, later(), KEEP)
    assert on_disk(used) >= before


def test_the_same_content_is_the_same_release_after_upkeep(used: Any) -> None:
    current = used.releases.current()
    maintain(used.lake, later(), KEEP)
    assert used.publish(later()) == current


def test_loads_go_on_after_upkeep(used: Any) -> None:
    maintain(used.lake, later(), KEEP)
    used.load(3)
    used.build()
    used.publish()
    assert len(used.landed.rows("src.order", "id")) == 100
    assert clean(used)


@pytest.mark.parametrize(
    "point", [0, 5, *(pytest.param(i, marks=pytest.mark.slow) for i in range(1, 5))]
)
def test_upkeep_that_was_killed_and_run_again_ends_as_if_it_had_not_been(
    used: Any, point: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = used.content()
    steps = 0

    def stop_at(step: str) -> None:
        nonlocal steps
        steps += 1
        if steps == point:
            raise KeyboardInterrupt(step)

    unlink = Path.unlink

    def stop_in_the_middle(path: Path, *, missing_ok: bool = False) -> None:
        unlink(path, missing_ok=missing_ok)
        if path.suffix == ".parquet":
            raise KeyboardInterrupt(path.name)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        if point == 0:
            patch.setattr(Path, "unlink", stop_in_the_middle)
        maintain(used.lake, later(), KEEP, stop_at)
    assert used.content() == before
    maintain(used.lake, later(), KEEP)
    assert used.content() == before
    assert on_disk(used) == needed(used)
    assert clean(used)


def test_an_orphan_goes_when_it_is_old_and_not_before(used: Any) -> None:
    orphan = used.lake.paths.data / "src" / "scan" / "other.parquet"
    orphan.write_bytes(b"left by a crash")
    maintain(used.lake, datetime.now(UTC))
    assert orphan.exists()
    old = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    os.utime(orphan, (old, old))
    account = maintain(used.lake, datetime.now(UTC))
    assert account.swept.orphans == 1
    assert not orphan.exists()


def test_upkeep_brings_every_table_into_bounds(used: Any) -> None:
    with used.lake.connect() as con:
        for i in range(bounds.FILES_A_TIER):
            con.execute(f"INSERT INTO lake.src.scan (id) SELECT {i} FROM range(20)")
    before = used.content()
    account: Account = maintain(used.lake, later(), KEEP)
    assert [one.table for one in account.compacted] == ["src.scan"]
    assert used.content() == before
    assert clean(used)


def test_an_old_snapshot_that_was_just_succeeded_is_still_there_for_its_readers(
    landed: Any,
) -> None:
    with landed.lake.connect() as con:
        con.execute("CREATE SCHEMA lake.src; CREATE TABLE lake.src.t AS FROM range(300)")
        (old,) = con.execute("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')").fetchone()
        between = datetime.now(UTC)
        con.execute("DELETE FROM lake.src.t")
        expire(landed.lake, con, between)
        read = f"SELECT count(*) FROM lake.src.t AT (VERSION => {old})"
        assert con.execute(read).fetchall() == [(300,)]
        assert expire(landed.lake, con, datetime.now(UTC)) > 0
