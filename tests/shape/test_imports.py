"""The rooms import one way only, and nothing else installed bears their names."""

import ast
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED = {
    "contracts": set(),
    "connectors": {"contracts"},
    "warehouse": {"contracts"},
    "decisions": set(),
    "estate": set(),
    "orchestration": {
        "contracts",
        "connectors",
        "warehouse",
        "decisions",
        "estate",
        "transforms",
    },
}
ROOMS = {*ALLOWED, "transforms"}


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_what_the_house_allows(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files, f"{room} has no Python"
    for path in files:
        beyond = (_imports(path) & ROOMS) - ALLOWED[room] - {room}
        assert not beyond, f"{path.relative_to(ROOT)} imports {', '.join(sorted(beyond))}"


def test_no_other_distribution_brings_a_package_of_our_names() -> None:
    foreign = {
        f"{distribution.metadata['Name']} brings {file}"
        for distribution in distributions()
        if distribution.metadata["Name"] != "crossdock"
        for file in distribution.files or ()
        if file.parts[0] in ROOMS and len(file.parts) > 1
    }
    assert not foreign


def test_no_module_is_longer_than_300_lines_or_named_for_nothing() -> None:
    for room in sorted(ALLOWED):
        for path in (ROOT / room).rglob("*.py"):
            lines = len(path.read_text("utf-8").splitlines())
            assert lines <= 300, f"{path.relative_to(ROOT)} has {lines} lines: split it by idea"
            assert path.stem not in {"utils", "helpers", "common", "misc"}, path
