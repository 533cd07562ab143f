"""The target as others run it: its command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from warehouse.target import main


def run(*arguments: str, stream: bytes = b"") -> Any:
    return CliRunner().invoke(main, list(arguments), input=stream)


def test_it_describes_itself_and_its_settings() -> None:
    about = json.loads(run("--about").stdout)
    assert about["name"] == "target-crossdock"
    assert {"home", "source", "batch_rows", "max_line_bytes"} <= about["settings"][
        "properties"
    ].keys()
    assert "0." in run("--version").stdout


def test_it_reads_standard_input_and_prints_only_state(landed: Any, tmp_path: Path) -> None:
    config = tmp_path / "target.json"
    config.write_text(json.dumps({"home": str(landed.lake.paths.home), "source": "src"}))
    stream = landed.to_bytes(
        landed.schema("t", {"id": {"type": "integer"}}, ["id"]),
        landed.record("t", {"id": 1}),
        b'{"type": "STATE", "value": {"n": 1.10, "big": 12345678901234567890123}}',
    )
    found = run("--config", str(config), stream=stream)
    assert found.exit_code == 0
    assert found.stdout == '{"n":1.1,"big":12345678901234567890123}\n'


@pytest.mark.parametrize("name", ["CROSSDOCK_HOME", "TARGET_CROSSDOCK_HOME"])
def test_the_lake_is_where_its_variable_says_and_never_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for variable in ("CROSSDOCK_HOME", "TARGET_CROSSDOCK_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv(name, str(tmp_path / "mine"))
    config = tmp_path / "target.json"
    config.write_text('{"source": "src"}')
    found = run("--config", str(config), stream=b'{"type": "STATE", "value": 1}')
    assert found.exit_code == 0, found.stderr
    assert (tmp_path / "mine" / "lake").is_dir() and not (tmp_path / "user").exists()


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"source": "hub"}, "source"),
        ({"source": "Robert'); DROP"}, "source"),
        ({"source": "src", "batch_row": 1}, "batch_rows"),
        ({"source": "src", "naive_timezone": "Mars/Olympus"}, "IANA"),
    ],
)
def test_a_bad_setting_is_one_line_that_lists_the_valid_ones(
    tmp_path: Path, config: dict[str, Any], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "target.json"
    path.write_text(json.dumps(config))
    assert run("--config", str(path)).exit_code == 1
    [line] = [entry.getMessage() for entry in caplog.records]
    assert says in line
    assert "Traceback" not in line
