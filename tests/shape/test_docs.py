"""What is documented exists, and what exists is documented."""

import re
import subprocess
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from orchestration.cli import load_commands

ROOT = Path(__file__).parents[2]
ROOMS = [
    "contracts",
    "connectors",
    "warehouse",
    "transforms",
    "decisions",
    "estate",
    "orchestration",
]


def _commands() -> dict[str, TyperCommand]:
    group = typer.main.get_command(load_commands())
    assert isinstance(group, TyperGroup)
    return {name: group.commands[name] for name in group.list_commands(None)}


def test_the_verbs_come_in_workflow_order() -> None:
    verbs = ["run", "pull", "quarantine", "ledger", "unify", "tasks", "check", "release"]
    verbs += ["gate", "decide", "checkpoints", "outbox", "breakers", "status", "incidents"]
    verbs += ["alerts", "sql", "lineage", "contract"]
    verbs += ["fsck", "maintain", "backup", "restore", "demo", "dev"]
    assert list(_commands()) == verbs


@pytest.mark.parametrize("name", sorted(_commands()))
def test_every_command_gives_an_example_and_stands_in_a_readme(name: str) -> None:
    command = _commands()[name]
    assert f"`crossdock {name}" in (command.help or ""), f"{name} has no example in its help"
    readmes = (ROOT / "README.md").read_text() + (ROOT / "orchestration/README.md").read_text()
    assert f"crossdock {name}" in readmes


def test_every_command_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"crossdock ([a-z]+)", (ROOT / "README.md").read_text()))
    assert named <= set(_commands()), f"{named - set(_commands())} do not exist"


def test_every_make_target_that_the_readme_names_exists() -> None:
    named = set(
        re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)", (ROOT / "README.md").read_text(), re.M)
    )
    named = {first or second for first, second in named}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_what_it_is_in_twenty_lines(room: str) -> None:
    text = (ROOT / room / "README.md").read_text()
    assert 5 <= len(text.splitlines()) <= 20


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout, so there is no list of committed files")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_committed_file_names_a_package_index_or_a_machine() -> None:
    hosts = re.compile(r"py" r"pi\.org|python" r"hosted|npm" r"js\.org|/ro" r"ot/|/wo" r"rk/")
    for path in _tracked():
        text = path.read_text("utf-8", errors="replace")
        found = hosts.search(text)
        assert not found, f"{path.relative_to(ROOT)} names {found.group() if found else ''}"
