import datetime
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from warehouse.errors import LakeError
from warehouse.lake import Lake


def test_creating_a_lake_twice_keeps_what_is_in_it(tmp_path: Path) -> None:
    lake = Lake(tmp_path).create()
    lake.append("hub.verdict", pa.table({"rule": ["a"]}))
    lake.create()
    with lake.connect(read_only=True) as con:
        assert con.execute("SELECT rule FROM lake.hub.verdict").fetchall() == [("a",)]


def test_a_missing_catalog_beside_data_is_an_error_and_no_new_lake(tmp_path: Path) -> None:
    lake = Lake(tmp_path).create()
    lake.append("hub.verdict", pa.table({"rule": list(range(1000))}))
    lake.paths.catalog.unlink()
    with pytest.raises(LakeError, match="Restore the catalog"):
        lake.create()


@pytest.mark.parametrize("content", [b"", b"SQLite"])
def test_a_cut_catalog_is_an_error_and_no_new_lake(tmp_path: Path, content: bytes) -> None:
    lake = Lake(tmp_path).create()
    lake.paths.catalog.write_bytes(content)
    with pytest.raises(LakeError, match="no SQLite database"):
        lake.connect()


def test_a_home_can_be_moved(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "here").create()
    lake.append("hub.verdict", pa.table({"rule": list(range(1000))}))
    (tmp_path / "here").rename(tmp_path / "there's")
    with Lake(tmp_path / "there's").connect(read_only=True) as con:
        assert con.execute("SELECT count(*) FROM lake.hub.verdict").fetchall() == [(1000,)]


def test_replacing_rows_twice_is_replacing_them_once(tmp_path: Path) -> None:
    lake = Lake(tmp_path).create()
    now = datetime.datetime(2026, 3, 2, 22, tzinfo=datetime.UTC)
    lake.append("decisions.run", pa.table({"run": ["r0"], "began": [now]}))
    for _ in range(2):
        lake.replace("decisions.run", pa.table({"run": ["r1", "r1"], "n": [1, 2]}), {"run": "r1"})
    with lake.connect(read_only=True) as con:
        found = con.execute("SELECT run, began, n FROM lake.decisions.run ORDER BY ALL").fetchall()
    assert [(run, n) for run, _, n in found] == [("r0", None), ("r1", 1), ("r1", 2)]
    assert found[0][1].timestamp() == now.timestamp()


def _hold(home: Path, held: "multiprocessing.synchronize.Event") -> None:
    with Lake(home).lock(purpose="play dbt"):
        held.set()
        multiprocessing.Event().wait(30)


def test_a_writer_that_waits_in_vain_says_for_whom(tmp_path: Path) -> None:
    Lake(tmp_path).create()
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    other = context.Process(target=_hold, args=(tmp_path, held))
    other.start()
    try:
        assert held.wait(30)
        with (
            pytest.raises(LakeError, match=r"process \d+ \(play dbt\)"),
            Lake(tmp_path).lock(timeout=0.1),
        ):
            pass
    finally:
        other.kill()
        other.join()
    with Lake(tmp_path).lock(timeout=5):
        pass


def test_the_lock_can_be_taken_again_by_who_holds_it(tmp_path: Path) -> None:
    lake = Lake(tmp_path).create()
    with lake.lock(purpose="dbt"):
        lake.append("hub.verdict", pa.table({"rule": ["a"]}))


def test_a_source_is_loaded_by_one_at_a_time_and_others_wait(tmp_path: Path) -> None:
    lake = Lake(tmp_path).create()
    with (
        lake.lock_source("erp", timeout=5),
        lake.lock_source("wms", timeout=5),
        pytest.raises(LakeError, match=r"Another load of 'erp' is running \(process \d+"),
        Lake(tmp_path).lock_source("erp", timeout=0.1),
    ):
        pass
    with Lake(tmp_path).lock_source("erp", timeout=5):
        pass


def test_the_lake_as_it_was_at_a_snapshot_can_be_read_and_not_written(
    tmp_path: Path, reads_as_it_was: Callable[[Lake], None]
) -> None:
    reads_as_it_was(Lake(tmp_path, "").create())
