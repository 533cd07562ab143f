"""What a steward is asked, and how an answer is kept, by the commands that are typed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import contracts
from orchestration import build
from warehouse.lake import Lake

ROOT = Path(__file__).parents[2]
Run = Callable[..., str]
TASK = {
    "task_uid": "tsk_aaaa000000000001",
    "kind": "unknown_article",
    "entity": "product",
    "source_system": "wms",
    "source_key": "599",
    "entity_uid": None,
    "proposal": "AA-00002",
    "evidence": 'called "LAMP"; name is like that of AA-00002 by 0.61',
    "next_step": "Say which article it is.",
    "rows_affected": 3,
    "since": "2026-03-02T08:00:00Z",
}
TASKS = [
    TASK,
    TASK | {"task_uid": "tsk_aaaa000000000002", "source_key": "600", "proposal": None},
    TASK
    | {"task_uid": "tsk_bbbb000000000003", "kind": "duplicate_product", "source_system": "erp"}
    | {"source_key": "AA-00003", "proposal": "AA-00001"},
    TASK | {"task_uid": "tsk_cccc000000000004", "kind": "stock_difference", "proposal": None},
]


@pytest.fixture
def crossdock(tmp_path: Path, command_on: Callable[[Path, Path], Run]) -> Run:
    """Run a command on a lake in which a build has raised four tasks."""
    lake = Lake(tmp_path / "home").create()
    columns = contracts.read("canonical/steward_task").table("steward_task").columns
    with lake.connect() as con:
        con.execute("CREATE SCHEMA lake.canonical; CREATE SCHEMA lake.erp")
        listed = ", ".join(f"{column.name} {column.physical_type}" for column in columns)
        con.execute(f"CREATE TABLE lake.canonical.steward_task ({listed})")
        marks = ", ".join("?" for _ in columns)
        for task in TASKS:
            values = [task[column.name] for column in columns]
            con.execute(f"INSERT INTO lake.canonical.steward_task VALUES ({marks})", values)
        con.execute(
            "CREATE TABLE lake.erp.products AS SELECT 'AA-0000' || i AS sku FROM range(9) t(i)"
        )
    return command_on(tmp_path / "home", ROOT / "contracts")


def words(home: Path) -> list[dict[str, Any]]:
    with Lake(home).connect(read_only=True) as con:
        asked = "SELECT to_json(w) FROM lake.steward.words AS w ORDER BY said_at"
        return [json.loads(row[0]) for row in con.execute(asked).fetchall()]


def test_tasks_are_counted_and_listed_and_one_tells_its_evidence(crossdock: Run) -> None:
    printed = crossdock("tasks", "list", columns=80)
    assert "unknown_article        2     6" in printed
    assert all(len(line) <= 80 for line in printed.splitlines())
    assert "state" not in printed, "nothing was answered"
    of_a_kind = crossdock("tasks", "list", "--kind", "duplicate_product")
    assert "duplicate_product      1     3" in of_a_kind
    assert "stock_difference" not in of_a_kind and "unknown_article" not in of_a_kind
    assert "No task of kind factor_conflict is open; 4 of other kinds are." in crossdock(
        "tasks", "list", "--kind", "factor_conflict"
    )
    shown = crossdock("tasks", "show", "tsk_aaaa000000000001")
    assert "name is like that of AA-00002 by 0.61" in shown and "crossdock tasks map" in shown


def test_an_answer_is_landed_with_who_and_why_and_can_be_taken_back(
    crossdock: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSDOCK_USER", "steward-7")
    crossdock("tasks", "map", "tsk_aaaa000000000001", "--why", "looked  at the box")
    (word,) = words(tmp_path / "home")
    said = {name: word[name] for name in ("verb", "source_key", "target", "reason", "said_by")}
    assert said == {
        "verb": "map",
        "source_key": "599",
        "target": "AA-00002",
        "reason": "looked at the box",
        "said_by": "steward-7",
    }
    assert word["undone_at"] is None
    assert word["word_id"] in crossdock("tasks", "words")
    crossdock("tasks", "undo", word["word_id"][:4])
    (undone,) = words(tmp_path / "home")
    assert undone["undone_by"] == "steward-7" and undone["undone_at"] > undone["said_at"]
    assert "taken back" in crossdock("tasks", "undo", word["word_id"], code=1)


def test_an_answered_task_says_that_it_waits_for_a_build_and_after_it_that_it_is_asked_again(
    crossdock: Run, tmp_path: Path
) -> None:
    open_before = crossdock("tasks", "show", "tsk_aaaa000000000001")
    assert "state      open" in open_before and "answered" not in open_before
    crossdock("tasks", "apart", "tsk_aaaa000000000001", "--why", "another colour")
    listed = crossdock("tasks", "list", columns=80)
    row = next(line for line in listed.splitlines() if "wms 599" in line and "unknown" in line)
    other = next(line for line in listed.splitlines() if "wms 600" in line)
    assert "answered" in row and "open" in other
    assert "1 answered: counted from the next `crossdock unify` on." in listed
    assert all(len(line) <= 80 for line in listed.splitlines())
    shown = crossdock("tasks", "show", "tsk_aaaa000000000001")
    assert "answered; it counts from the next `crossdock unify` on" in shown

    with build.recorded(Lake(tmp_path / "home"), 60):
        pass  # a build that raises the same question again
    assert "an answer was given before" in crossdock("tasks", "show", "tsk_aaaa000000000001")
    listed = crossdock("tasks", "list")
    assert "asked again" in listed and "1 answered" not in listed


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("map", "tsk_aaaa", "--why", "x"), "may mean 2 tasks"),
        (("map", "tsk_ffff", "--why", "x"), "There is no open task"),
        (("map", "tsk_aaaa000000000002", "--why", "x"), "Nothing is proposed"),
        (("map", "tsk_aaaa000000000002", "NOPE", "--why", "x"), "The ERP has no article 'NOPE'"),
        (
            ("map", "tsk_aaaa000000000002", "aa-00007", "--why", "x"),
            "The ERP has no article 'aa-00007': name one by its SKU. Did you mean 'AA-00007'?",
        ),
        (("map", "tsk_aaaa000000000002", "AA 0007", "--why", "x"), "Did you mean 'AA-00007'?"),
        (
            ("merge", "tsk_aaaa000000000001", "--why", "x"),
            "cannot be answered by merge. It takes: map",
        ),
        (("merge", "tsk_bbbb", "AA-00003", "--why", "x"), "cannot be merged into itself"),
        (("accept", "tsk_cccc", "--why", "x"), "No verb answers it. Say which article"),
        (("apart", "tsk_aaaa000000000001", "--why", " "), "Say --why"),
        (("undo", "nothing"), "is not one standing answer"),
        (("list", "--kind", "odd"), "Kinds: unknown_article"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_with_the_valid_choices(
    crossdock: Run, arguments: tuple[str, ...], told: str
) -> None:
    assert told in crossdock("tasks", *arguments, code=1)
