"""A lake that cannot be opened tells its operator, once, though incidents are kept in it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.hub import Hub
from orchestration.lake_watch import KEPT, open_hub
from orchestration.settings import Settings
from warehouse.catalogs import LockBusy
from warehouse.errors import LakeError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Any) -> Path:
    """A hub whose operator hears by a receiver, everybody else by none."""
    Hub(Settings(home=tmp_path)).lake.create()
    (tmp_path / "lake" / "data" / "x.parquet").touch()
    told = {"channels": {"#ops": [{"slack": receiver.url}]}, "default": [{"slack": "http://x"}]}
    (tmp_path / "channels.yaml").write_text(yaml.safe_dump(told))
    monkeypatch.setenv("CROSSDOCK_HOME", str(tmp_path))
    monkeypatch.setenv("CROSSDOCK_CHANNELS", str(tmp_path / "channels.yaml"))
    monkeypatch.setenv("CROSSDOCK_OPERATOR", "ops")
    for name in ("PATH", "DAGSTER_HOME", "DBT_TARGET_PATH", "DBT_LOG_PATH", "CROSSDOCK_DAGSTER",
                 "CROSSDOCK_EXTENSIONS", "DBT_SEND_ANONYMOUS_USAGE_STATS"):  # fmt: skip
        monkeypatch.setenv(name, os.environ.get(name, ""))  # put back what Hub.open exports
    return tmp_path


@pytest.fixture
def lose(home: Path) -> Callable[[], object]:
    """Take the catalog away; return what gives it back."""
    catalog = home / "lake" / "catalog.sqlite"

    def away() -> object:
        aside = catalog.rename(catalog.with_suffix(".aside"))
        return lambda: aside.rename(catalog)

    return away


def refused() -> None:
    with pytest.raises(LakeError, match="is missing"):
        open_hub()


def test_it_is_told_once_and_its_end_once(home: Path, lose: Any, receiver: Any) -> None:
    open_hub()
    give_back = lose()
    refused()
    refused()
    ((_, _, body),) = receiver.taken
    assert b"Error: the lake cannot be opened" in body and b"crossdock restore" in body
    give_back()
    open_hub()
    open_hub()
    assert len(receiver.taken) == 2
    assert receiver.body["text"].startswith("[Crossdock] Resolved: the lake cannot be opened")
    assert not (home / KEPT).exists()


def test_who_does_not_answer_is_told_the_next_time(home: Path, lose: Any, receiver: Any) -> None:
    receiver.status = 503
    give_back = lose()
    refused()
    receiver.status = 200
    refused()
    assert len(receiver.taken) == 2 and "Error" in receiver.body["text"]
    receiver.status = 503
    give_back()
    open_hub()
    receiver.status = 200
    open_hub()
    assert "Resolved" in receiver.body["text"] and not (home / KEPT).exists()


def test_a_lock_that_another_holds_and_channels_that_cannot_be_read_hide_no_error(
    home: Path, lose: Any, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> None:
        raise LakeError("Waited 600 s for the lake's lock.") from LockBusy("dbt", "write.lock")

    with monkeypatch.context() as patch:
        patch.setattr(Hub, "open", busy)
        with pytest.raises(LakeError, match="Waited 600 s"):
            open_hub()
    assert receiver.taken == [], "the lake is in use, not away"
    (home / "channels.yaml").write_text("nonsense: [")
    lose()
    refused()
    assert receiver.taken == []
