"""Running, recording and replaying any job."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

import decisions
from decisions import DecisionError


def _run(world: Any, tables: dict[str, pa.Table] | None = None, **more: Any) -> decisions.RunResult:
    given = {"release_id": "r1", "now": world.now, "code_version": "c1"} | more
    return decisions.run(
        decisions.job("source_orders"), world.tables() if tables is None else tables, **given
    )


@pytest.fixture
def busy(world: Any) -> Any:
    for n in range(12):
        world.order(f"SO-{n:02}", "US-4", ("AA-1", 1 + n % 4), ("AA-2", 2))
    return world


def test_every_job_is_found_by_its_file(world: Any) -> None:
    assert "source_orders" in decisions.jobs()


def test_an_unknown_job_lists_the_valid_ones() -> None:
    with pytest.raises(DecisionError, match=r"There are: .*source_orders"):
        decisions.job("sourcing")


def test_a_missing_column_is_named_with_its_table(busy: Any) -> None:
    tables = busy.tables()
    tables["inventory_atp"] = tables["inventory_atp"].drop_columns(["atp"])
    with pytest.raises(DecisionError, match=r"inventory_atp\.atp"):
        _run(busy, tables)


def test_a_missing_table_is_named_with_those_given(busy: Any) -> None:
    tables = busy.tables()
    del tables["node"]
    with pytest.raises(DecisionError, match=r"'node', which it was not given.*carrier_rate"):
        _run(busy, tables)


def test_columns_that_a_job_does_not_declare_change_nothing(busy: Any) -> None:
    tables = busy.tables()
    extra = pa.array(["x"] * tables["node"].num_rows)
    tables["node"] = tables["node"].append_column("name", extra)
    assert decisions.to_bytes(_run(busy, tables)) == decisions.to_bytes(_run(busy))


def test_a_misspelt_policy_key_lists_the_valid_ones(busy: Any) -> None:
    with pytest.raises(DecisionError, match=r"no key 'split_penalti'.*split_penalty"):
        _run(busy, policy={"split_penalti": 1})


def test_a_policy_value_out_of_range_is_named(busy: Any) -> None:
    with pytest.raises(DecisionError, match="key 'max_nodes'"):
        _run(busy, policy={"max_nodes": 9})


def test_an_instant_without_a_time_zone_is_refused(busy: Any) -> None:
    with pytest.raises(DecisionError, match="no time zone"):
        _run(busy, now=datetime(2026, 3, 3))  # noqa: DTZ001  the point of the test


def test_the_same_run_twice_has_one_identity_and_the_same_bytes(busy: Any) -> None:
    first, second = _run(busy), _run(busy)
    assert first.header.run_uid == second.header.run_uid
    assert decisions.to_bytes(first) == decisions.to_bytes(second)
    assert first.digest == second.digest


@pytest.mark.parametrize(
    "change",
    [
        {"release_id": "r2"},
        {"code_version": "c2"},
        {"seed": 1},
        {"mode": "shadow"},
        {"policy": {"split_penalty": "9"}},
    ],
)
def test_whatever_could_change_a_decision_changes_the_run_id(
    busy: Any, change: dict[str, Any]
) -> None:
    assert _run(busy, **change).header.run_uid != _run(busy).header.run_uid


def test_a_replay_of_a_stored_run_gives_the_same_bytes(busy: Any) -> None:
    run = _run(busy, policy={"split_penalty": "2.50"}, seed=3)
    stored = decisions.restore(
        {name: table[::-1] if table.num_rows else table for name, table in run.tables().items()}
    )
    again = decisions.replay(decisions.job("source_orders"), busy.tables(), stored)
    assert decisions.to_bytes(again) == decisions.to_bytes(stored)
    assert again.digest == run.digest


def test_what_became_of_an_action_does_not_change_the_bytes_of_its_run(busy: Any) -> None:
    run = _run(busy)
    outbox = run.action_outbox
    status = pa.array(["superseded"] * outbox.num_rows)
    later = outbox.set_column(outbox.column_names.index("status"), "status", status)
    after = decisions.restore(run.tables() | {"action_outbox": later})
    assert decisions.to_bytes(after) == decisions.to_bytes(run)


def test_when_a_run_started_does_not_enter_its_digest(busy: Any) -> None:
    later = busy.now.replace(year=2027)
    assert _run(busy, started_at=later).digest == _run(busy).digest


def test_a_shadow_run_decides_but_proposes_no_action(busy: Any) -> None:
    live, shadow = _run(busy), _run(busy, mode="shadow")
    assert live.action_outbox.num_rows > 0
    assert shadow.decision.num_rows == live.decision.num_rows
    assert shadow.action_outbox.num_rows == 0


def test_restoring_several_runs_at_once_is_refused(busy: Any) -> None:
    tables = _run(busy).tables()
    tables["decision_run"] = pa.concat_tables([tables["decision_run"]] * 2)
    with pytest.raises(DecisionError, match="Filter by run_uid"):
        decisions.restore(tables)


def test_a_run_that_went_through_a_database_replays_to_the_same_bytes(busy: Any) -> None:
    run = _run(busy)
    kept = {}
    with duckdb.connect() as database:
        for name, table in run.tables().items():
            database.register("given", table)
            database.execute(f"CREATE TABLE {name} AS SELECT * FROM given ORDER BY random()")
            kept[name] = database.table(name).to_arrow_table()
    stored = decisions.restore(kept)
    assert decisions.to_bytes(stored) == decisions.to_bytes(run)
    again = decisions.replay(decisions.job("source_orders"), busy.tables(), stored)
    assert decisions.to_bytes(again) == decisions.to_bytes(stored)


def test_two_processes_decide_the_same(busy: Any, tmp_path: Path) -> None:
    for name, table in busy.tables().items():
        parquet.write_table(table, tmp_path / f"{name}.parquet")
    script = (
        "import sys, pathlib, datetime, decisions, pyarrow.parquet as pq\n"
        "tables = {p.stem: pq.read_table(p) for p in pathlib.Path(sys.argv[1]).iterdir()}\n"
        "now = datetime.datetime.fromisoformat(sys.argv[2])\n"
        "run = decisions.run(decisions.job('source_orders'), tables, release_id='r1', now=now,"
        " code_version='c1')\n"
        "print(run.digest)\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path), busy.now.isoformat()],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert digests == {_run(busy).digest}
