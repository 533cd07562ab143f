"""What a backup holds comes back, whatever was lost; and loads go on from there."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from warehouse.errors import LakeError
from warehouse.upkeep import retention
from warehouse.upkeep.backup import backup
from warehouse.upkeep.fsck import fsck
from warehouse.upkeep.restore import restore, restore_release


def now() -> datetime:
    return datetime.now(UTC)


def lose_catalog(used: Any) -> None:
    for path in used.lake.paths.catalog.parent.glob("catalog.sqlite*"):
        path.unlink()


def cut_catalog(used: Any) -> None:
    used.lake.paths.catalog.write_bytes(used.lake.paths.catalog.read_bytes()[:5000])


def lose_data(used: Any) -> None:
    shutil.rmtree(used.lake.paths.data)


def alter_data(used: Any) -> None:
    for path in used.lake.paths.data.rglob("*.parquet"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


def lose_releases(used: Any) -> None:
    shutil.rmtree(used.lake.paths.releases)


def lose_all(used: Any) -> None:
    shutil.rmtree(used.lake.paths.home)


SLOW = [
    pytest.param(one, marks=pytest.mark.slow) for one in (lose_catalog, alter_data, lose_releases)
]
LOSSES = [cut_catalog, lose_data, lose_all, *SLOW]


@pytest.mark.parametrize("lose", LOSSES)
def test_what_was_lost_comes_back_and_the_next_load_goes_on(
    used: Any, tmp_path: Path, lose: Any
) -> None:
    before, released, current = used.content(), used.released(), used.releases.current()
    backup(used.lake, tmp_path / "backup", now())
    lose(used)
    restore(used.lake, tmp_path / "backup")
    assert used.content() == before
    assert used.released() == released
    assert used.releases.current() == current
    assert fsck(used.lake, now()).findings == []
    used.load(3)
    used.build()
    used.publish()
    assert len(used.landed.rows("src.order", "id")) == 100
    assert fsck(used.lake, now()).findings == []


def test_what_was_loaded_after_the_backup_is_given_up_with_its_state(
    used: Any, tmp_path: Path
) -> None:
    before = used.content()
    backup(used.lake, tmp_path / "backup", now())
    used.load(3)
    restore(used.lake, tmp_path / "backup")
    assert used.content() == before
    used.load(3)
    assert len(used.landed.rows("src.order", "id")) == 100


def test_a_second_backup_copies_only_what_is_new(used: Any, tmp_path: Path) -> None:
    assert backup(used.lake, tmp_path / "backup", now()) > 0
    assert backup(used.lake, tmp_path / "backup", now()) == 0
    used.load(3)
    assert 0 < backup(used.lake, tmp_path / "backup", now()) < 15


def test_an_altered_file_is_not_taken_for_a_backup(used: Any, tmp_path: Path) -> None:
    alter_data(used)
    with pytest.raises(LakeError, match="not what was written"):
        backup(used.lake, tmp_path / "backup", now())
    with pytest.raises(LakeError, match="no whole backup"):
        restore(used.lake, tmp_path / "backup")


def test_without_a_backup_the_newest_whole_release_gives_the_canonical_tables_back(
    used: Any,
) -> None:
    newest = used.releases.current()
    assert newest is not None
    rows = used.released()[newest.release_id]
    only = set(retention.referred(newest.path))
    only -= set(retention.referred(used.releases.list()[0].path))
    assert only
    lose_catalog(used)
    assert restore_release(used.lake) == newest.release_id
    assert used.landed.ask("FROM lake.canonical.sale ORDER BY ALL") == rows
    used.load(0)
    used.build()
    used.publish()
    assert len(used.landed.rows("src.order", "id")) == 40
    assert fsck(used.lake, now()).errors == []


def test_a_release_does_not_replace_a_catalog_that_knows_more(used: Any) -> None:
    with pytest.raises(LakeError, match="knows more than a release"):
        restore_release(used.lake)


def test_a_backup_inside_the_home_is_refused(used: Any) -> None:
    inside = used.lake.paths.home / "backup"
    with pytest.raises(LakeError, match="is inside the home"):
        backup(used.lake, inside, now())
    assert not inside.exists()
