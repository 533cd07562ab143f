"""Upkeep as people and Dagster run it: what they read, and whether a finding is heard."""

import shutil
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

ROWS = (
    b'{"type": "SCHEMA", "stream": "stock", "key_properties": ["sku"], "schema":'
    b' {"properties": {"sku": {"type": "string"}, "qty": {"type": "integer"}}}}',
    *(
        b'{"type": "RECORD", "stream": "stock", "record": {"sku": "S%d", "qty": %d}}' % (i, i)
        for i in range(60)
    ),
)
Run = Callable[..., str]


@pytest.fixture(scope="module")
def landed(land: Callable[..., None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("landed") / "home"
    land(home, *ROWS, load_id="monday")
    return home


@pytest.fixture
def home(landed: Path, tmp_path: Path) -> Path:
    shutil.copytree(landed, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def crossdock(home: Path, command_on: Callable[[Path, Path], Run]) -> Run:
    return command_on(home, Path(__file__).parents[2] / "contracts")


def alter(home: Path) -> Path:
    path = next((home / "lake" / "data" / "shop").rglob("*.parquet"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return path


def test_what_is_altered_is_listed_with_its_mend_and_the_exit_code_tells(
    crossdock: Run, home: Path
) -> None:
    crossdock("maintain")
    assert "sound" in crossdock("fsck")
    path = alter(home)
    printed = crossdock("fsck", code=1)
    assert "altered file" in printed
    assert path.name in printed.replace("\n", "")
    assert "crossdock restore" in printed
    assert "1 to mend" in printed


def test_a_lake_that_cannot_be_opened_can_still_be_checked_and_restored(
    crossdock: Run, home: Path, tmp_path: Path
) -> None:
    folder = str(tmp_path / "backup")
    assert "is a whole backup" in crossdock("backup", folder)
    (home / "lake" / "catalog.sqlite").write_bytes(b"")
    assert "no SQLite database" in crossdock("fsck", code=1)
    assert "the lake is as it was" in crossdock("restore", folder)
    assert "sound" in crossdock("fsck")


def test_a_restore_names_the_loads_that_it_takes_away(
    crossdock: Run, home: Path, tmp_path: Path, land: Callable[..., None]
) -> None:
    folder = str(tmp_path / "backup")
    crossdock("backup", folder)
    land(home, *ROWS, load_id="tuesday", source="later")
    printed = " ".join(crossdock("restore", folder).split())
    assert "gone from it: later (1)" in printed and "STATE of that time" in printed


def test_restore_asks_what_from(crossdock: Run) -> None:
    assert "crossdock restore FOLDER" in crossdock("restore", code=1)


def test_maintain_says_what_it_did(crossdock: Run) -> None:
    printed = crossdock("maintain")
    assert "snapshots expired" in printed
    assert "freed" in printed.splitlines()[-1]


@pytest.mark.parametrize("is_sound", [True, False])
def test_dagster_fails_the_run_when_something_must_be_mended(
    home: Path, is_sound: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSDOCK_HOME", str(home))
    from orchestration.definitions import defs

    assert defs.resolve_job_def("maintain").execute_in_process().success
    if not is_sound:
        alter(home)
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def("fsck").execute_in_process(
            instance=instance, raise_on_error=False
        )
        assert result.success is is_sound
        if not is_sound:
            failure = result.failure_data_for_node("check_files")
            assert "altered file" in str(failure.error)
