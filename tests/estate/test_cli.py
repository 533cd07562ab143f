"""The `estate` command as a newcomer meets it."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from estate.cli import app

COMMANDS = [command.callback for command in app.registered_commands]


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "estate.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_an_estate_is_made_played_broken_mended_and_told(tmp_path: Path) -> None:
    home = ["--home", str(tmp_path / "estate")]
    small = ["--orders", "20", "--days", "2", "--products", "20"]
    assert "Day 2 closed at 2026-03-03 22:00 UTC." in run("create", *home, *small).stdout
    assert "Day 3 closed" in run("advance", *home).stdout
    assert "Injected case_flip" in run("inject", "case_flip", *home).stdout
    assert "* case_flip" in run("status", *home).stdout
    assert "Mended: case_flip." in run("clear", *home).stdout
    rows = [json.loads(line) for line in run("truth", "orders", *home).stdout.splitlines()]
    assert len(rows) == 30 and {row["table"] for row in rows} == {"orders"}


def test_a_mistake_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    result = run("advance", "--home", str(tmp_path))
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr.startswith("estate: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize("callback", COMMANDS, ids=lambda callback: str(callback.__name__))
def test_every_command_shows_an_example_that_could_run(callback: object) -> None:
    lines = str(callback.__doc__).splitlines()
    example = next(line for line in lines if "Example: " in line).partition("Example: ")[2]
    program, verb, *_ = shlex.split(example)
    assert program == "estate" and verb == callback.__name__  # type: ignore[attr-defined]
    assert CliRunner().invoke(app, [verb, "--help"]).exit_code == 0
