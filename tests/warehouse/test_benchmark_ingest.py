"""The benchmark of landing: its scripts work, and its truth tells good stores from bad ones."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from singer_sdk.singerlib.encoding.simple import SimpleSingerReader, SimpleSingerWriter
from singer_sdk.singerlib.messages import RecordMessage, SchemaMessage

from benchmarks.ingest import __main__, measure, report, truth
from benchmarks.ingest.change import Change, of_change
from benchmarks.ingest.comparison import Bench
from benchmarks.ingest.demands import Demands
from benchmarks.ingest.records import Recipe, write
from benchmarks.ingest.runners import crossdock, floor
from benchmarks.ingest.streams import STREAMS
from warehouse.lake import open_duckdb

SMALL = Recipe(2_000)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "cache", tmp_path / "work", lambda said: None)


def stored_in(folder: Path) -> dict[str, str]:
    """The relations of Parquet files, one a stream, that stand for a store."""
    return {name: f"'{folder / name}.parquet'" for name in STREAMS}


def test_the_stream_is_written_as_the_singer_sdk_writes_it(tmp_path: Path) -> None:
    reader, writer = SimpleSingerReader(), SimpleSingerWriter()
    kinds = {"RECORD": RecordMessage, "SCHEMA": SchemaMessage}
    for line in write(Recipe(60), tmp_path / "stream.singer").read_text("ascii").splitlines():
        message = reader.deserialize_json(line)
        if message["type"] in kinds:
            made = kinds[message["type"]].from_dict(dict(message))
            assert writer.serialize_message(made) == line


def test_equal_recipes_give_equal_bytes_and_no_key_is_updated_twice(tmp_path: Path) -> None:
    one, same = (write(SMALL, tmp_path / name).read_bytes() for name in ("one", "same"))
    assert one == same
    folder = truth.read(tmp_path / "one")
    counts = [pq.read_table(folder / f"{name}.parquet").num_rows for name in STREAMS]
    earlier = [pq.read_table(folder / f"{name}.earlier.parquet").num_rows for name in STREAMS]
    assert (counts, earlier) == ([760, 570, 570], [40, 30, 30])


def test_ours_and_duckdbs_own_merge_store_what_was_sent(bench: Bench) -> None:
    ways = [(crossdock.RUNNER, SMALL), (floor.MERGE, SMALL), (floor.INSERT, SMALL)]
    ours, merged, inserted = bench.in_turns(ways, repeats=1)
    assert [result.failure for result in (ours, merged, inserted)] == ["", "", ""]
    assert ours.difference == merged.difference == truth.Difference(rows=1_900)
    assert inserted.difference == truth.Difference(rows=2_000, extra=100)
    assert ours.cpu_s > 0 and ours.peak_mb > 50


def test_the_truth_tells_lost_stale_altered_and_extra_rows(tmp_path: Path) -> None:
    folder = truth.read(write(SMALL, tmp_path / "stream.singer"))
    right, orders = stored_in(folder), f"'{folder}/orders.parquet'"
    stale = f"'{folder}/orders.earlier.parquet'"
    wrong = {
        f"(FROM {orders} WHERE order_id > 'SO-000000004')": truth.Difference(1895, lost=5),
        f"(FROM {orders} WHERE order_id NOT IN (SELECT order_id FROM {stale}) "
        f"UNION ALL FROM {stale})": truth.Difference(1900, stale=40),
        f"(FROM {orders} UNION ALL FROM {orders})": truth.Difference(2660, extra=760),
        f"(SELECT * REPLACE (total + 1 AS total) FROM {orders})": truth.Difference(
            1900, altered=760, columns=("total",)
        ),
    }
    with open_duckdb() as con:
        assert str(truth.difference(con, folder, right)) == "all equal"
        for relation, expected in wrong.items():
            assert truth.difference(con, folder, {**right, "orders": relation}) == expected


@pytest.mark.slow
def test_the_command_holds_ours_to_its_bars(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"# before\n{report.BEGIN}\nold\n{report.END}\nafter\n", "utf-8")
    monkeypatch.setattr(__main__, "README", readme)
    done = CliRunner().invoke(
        __main__.main,
        ["--records", "300", "--repeats", "1", "--runners", "crossdock,duckdb_merge", "--write",
         "--cache", str(tmp_path)],
        catch_exceptions=False,
    )  # fmt: skip
    assert done.exit_code == 0
    written = readme.read_text("utf-8")
    assert "old" not in written and written.startswith("# before") and written.endswith("after\n")
    for held in ("rows with 1 % of bad records", "all bad, units in quarantine"):
        (line,) = [line for line in written.splitlines() if held in line]
        assert line.endswith("| yes |")


def test_an_unknown_runner_is_refused_with_the_choices() -> None:
    done = CliRunner().invoke(__main__.main, ["--runners", "target-duckdb"])
    assert done.exit_code == 2
    assert "target_duckdb" in done.output


@pytest.mark.slow
def test_the_cost_of_a_change_is_measured_before_and_after_micro_batches(bench: Bench) -> None:
    demands = Demands()
    figures = of_change(demands, bench, Change(small=200, large=400, changed=50, batches=2), 1)
    assert [row[:3] for row in figures.rows][:2] == [
        ("200", "the fill", "spread over the table"),
        ("200", "the fill", "the newest"),
    ]
    assert len(figures.rows) == 8 and len(demands.report.rows) == 4


def test_a_failing_command_says_what_it_said_last(tmp_path: Path) -> None:
    command = measure.Command(["python", "-c", "raise SystemExit('no such table')"])
    with pytest.raises(measure.FailedError, match="ended with 1 and said: no such table"):
        measure.run(command, tmp_path)


def test_state_counts_the_records_before_it(tmp_path: Path) -> None:
    lines = write(Recipe(30_000), tmp_path / "stream.singer").read_text("ascii").splitlines()
    states = [json.loads(line)["value"] for line in lines if line.startswith('{"type":"STATE"')]
    assert [next(iter(state["bookmarks"].values()))["records"] for state in states] == [
        *(10_000, 20_000, 30_000),
        30_000,
    ]


def test_a_target_that_fails_is_a_bar_not_held() -> None:
    demands = Demands()
    with demands.of("a change"):
        raise measure.FailedError("python ended with 1")
    assert demands.report.rows == [("a change", "python ended with 1", "runs", "NO")]
    assert demands.verdict == "0 of 1 bars held."
