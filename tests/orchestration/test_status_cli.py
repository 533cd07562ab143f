"""status and sql on a narrow screen: what needs somebody, and rows that can be read."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import contracts
from orchestration import judging
from warehouse.lake import Lake

ROOT = Path(__file__).parents[2]
Run = Callable[..., str]
PASSED = {
    "layer": "sources", "judged_at": datetime(2026, 3, 2, 22, tzinfo=UTC),
    "contract": "sources/erp", "dataset": "erp.products", "rule": "key",
    "severity": "error", "status": "passed", "owner": "erp-platform", "message": "",
}  # fmt: skip
VERDICTS = [
    PASSED,
    PASSED | {"dataset": "erp.stock"},
    PASSED | {"layer": "canonical", "contract": "canonical/node", "dataset": "canonical.node"},
]


@pytest.fixture
def crossdock(tmp_path: Path, command_on: Callable[[Path, Path], Run]) -> Run:
    """Run a command on a home of the test's own, within 80 columns."""
    Lake(tmp_path / "home").create()
    run = command_on(tmp_path / "home", ROOT / "contracts")

    def narrow(*arguments: str, code: int = 0) -> str:
        printed: str = run(*arguments, code=code, columns=80)
        assert all(len(line) <= 80 for line in printed.splitlines())
        return printed

    return narrow


def judged(home: Path, *verdicts: dict[str, Any]) -> None:
    rows = pa.Table.from_pylist(list(verdicts), schema=judging._SCHEMA)
    Lake(home).append(judging.TABLE, rows)


def test_where_all_passed_each_layer_has_a_line_and_no_table_is_listed(
    crossdock: Run, tmp_path: Path
) -> None:
    judged(tmp_path / "home", *VERDICTS)
    printed = crossdock("status")
    said = " ".join(printed.split())
    assert "sources: 2 rules passed on 2 tables of 1 contract, judged 2026-03-02 22:00" in said
    assert "canonical: 1 rule passed on 1 table of 1 contract" in said
    assert "erp.products" not in printed and "sources/erp" not in printed
    assert "sources/erp" in crossdock("status", "--all")


def test_only_tables_that_did_not_pass_are_listed_and_open_tasks_are_counted(
    crossdock: Run, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    judged(
        home,
        *VERDICTS,
        PASSED | {"rule": "price", "status": "failed", "severity": "warning"},
        PASSED | {"layer": "canonical", "contract": "canonical/lot", "dataset": "canonical.lot"}
        | {"status": "not_evaluated", "message": "gone", "rule": "fresh"},
    )  # fmt: skip
    table = contracts.read("canonical/steward_task").table("steward_task")
    with Lake(home).connect() as con:
        listed = ", ".join(f"{column.name} {column.physical_type}" for column in table.columns)
        con.execute(
            f"CREATE SCHEMA lake.canonical; CREATE TABLE lake.canonical.steward_task ({listed})"
        )
        con.execute(
            "INSERT INTO lake.canonical.steward_task (task_uid, kind, rows_affected) "
            "VALUES ('tsk_1', 'unknown_article', 2), ('tsk_2', 'unknown_node', 1)"
        )
    printed = crossdock("status")
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    blocked = lines.index("canonical.lot erp-platform 1 not evaluated")
    assert lines.index("erp.products erp-platform 1 warned") == blocked + 1
    assert not any(line.startswith(("erp.stock", "canonical.node")) for line in lines)
    assert "sources: 2 of 3 rules passed on 2 tables" in " ".join(lines)
    assert "Open tasks 2; `crossdock tasks list` shows them." in lines


def test_few_wide_rows_are_printed_as_records_and_narrow_ones_as_a_table(crossdock: Run) -> None:
    wide = "select 'a' as short, repeat('x', 90) as long, '[red]' as marked, null as missing"
    printed = crossdock("sql", "--lake", f"{wide} union all {wide}")
    lines = [line.rstrip() for line in printed.splitlines()]
    assert lines[0] == "row 1" and "row 2" in lines
    assert "short    a" in lines and "marked   [red]" in lines and "missing" in lines
    assert f"long     {'x' * 71}" in lines and f"         {'x' * 19}" in lines
    assert lines[-1] == "2 rows from the lake"

    assert "┃" in crossdock("sql", "--lake", "select 1 as one")
    record = crossdock("sql", "--lake", "select 1 as one, 2 as two", "--format", "record")
    assert record.splitlines() == ["one  1", "two  2", "1 row from the lake"]
    many = crossdock("sql", "--lake", "select i, repeat('x', 90) as long from range(4) as t(i)")
    assert "┃" in many and "4 rows" in many
    assert "┃" in crossdock("sql", "--lake", wide, "--format", "table")
