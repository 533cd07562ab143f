"""Upkeep of a lake whose catalog is in PostgreSQL: the same as with SQLite."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from warehouse import catalog, files
from warehouse.errors import LakeError
from warehouse.lake import Lake
from warehouse.releases import Releases
from warehouse.upkeep import bounds, retention
from warehouse.upkeep.backup import backup
from warehouse.upkeep.fsck import fsck
from warehouse.upkeep.maintain import Keep, maintain
from warehouse.upkeep.restore import restore

PASSED = {"dataset": "src.t", "rule": "qty", "severity": "error", "status": "passed"}
KEEP = Keep(timedelta(0), releases=1, grace=timedelta(0))


def later() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


@pytest.fixture
def used(lake: Lake) -> Lake:
    """A table of many small files with deletes, inlined ones too, and two releases."""
    with lake.lock(), lake.connect() as con:
        con.execute("CREATE SCHEMA lake.canonical; CREATE TABLE lake.canonical.t (i BIGINT)")
        for i in range(bounds.FILES_A_TIER):
            con.execute("BEGIN")
            con.execute(f"INSERT INTO lake.canonical.t FROM range({i * 50}, {i * 50 + 50})")
            con.execute(f"DELETE FROM lake.canonical.t WHERE i = {i * 50}")
            con.execute(f"INSERT INTO lake.canonical.t VALUES ({-i})")
            files.seal(con, lake, None, datetime.now(UTC))
            lake.commit(con)
            if i in (2, 5):
                Releases(lake).publish(
                    [PASSED], contract_versions={}, as_of_marks={}, now=datetime.now(UTC)
                )
    return lake


def rows(lake: Lake) -> list[tuple[int]]:
    with lake.connect(read_only=True) as con:
        return con.execute("FROM lake.canonical.t ORDER BY ALL").fetchall()


def test_upkeep_leaves_what_is_needed_and_every_row(used: Lake) -> None:
    before = rows(used)
    assert fsck(used, later()).findings == []
    account = maintain(used, later(), KEEP)
    assert [one.table for one in account.compacted] == ["canonical.t"]
    assert account.swept.scheduled > 0
    assert rows(used) == before
    with used.connect(read_only=True) as con:
        needed = set(catalog.of_lake(con)) | retention.needed(used)
    data = used.paths.data
    assert {str(path.relative_to(data)) for path in data.rglob("*.parquet")} == needed
    assert fsck(used, later()).findings == []
    (release,) = Releases(used).list()
    with Releases(used).open(release.release_id) as con:
        assert con.execute("SELECT count(*) FROM canonical.t").fetchall() == [(300,)]


def test_an_altered_file_is_found(used: Lake) -> None:
    path = next(used.paths.data.rglob("canonical/t/*.parquet"))
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    (finding,) = fsck(used, later()).errors
    assert finding.where.endswith(path.name)


def test_a_backup_comes_back_as_a_home_with_sqlite(used: Lake, tmp_path: Path) -> None:
    before = rows(used)
    backup(used, tmp_path / "backup", later())
    with pytest.raises(LakeError, match="unset CROSSDOCK_CATALOG"):
        restore(used, tmp_path / "backup")
    restored = Lake(tmp_path / "other", "")
    restore(restored, tmp_path / "backup")
    assert rows(restored) == before
    assert fsck(restored, later()).findings == []
