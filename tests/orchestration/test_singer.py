"""A tap piped into the lake: state in and out, failures told, secrets kept."""

import json
import sqlite3
import sys
from pathlib import Path

import pytest

from orchestration.singer import PullError, pull
from orchestration.sources import Source
from warehouse.lake import Lake

TAP = """#!{python}
import json, sys
config = json.load(open(sys.argv[sys.argv.index("--config") + 1]))
state = json.load(open(sys.argv[sys.argv.index("--state") + 1])) if "--state" in sys.argv else {{}}
start = state.get("last", 0)
print("asked with", config["api_key"], "from", start, file=sys.stderr)
say = lambda message: print(json.dumps(message), flush=True)
say({{"type": "SCHEMA", "stream": "things", "key_properties": ["id"],
      "schema": {{"properties": {{"id": {{"type": "integer"}}}}}}}})
for number in range(start + 1, start + 4):
    say({{"type": "RECORD", "stream": "things", "record": {{"id": number}}}})
say({{"type": "STATE", "value": {{"last": start + 3}}}})
{ending}
"""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "home").create()


def _source(folder: Path, ending: str = "") -> Source:
    script = folder / "tap-things"
    script.write_text(TAP.format(python=sys.executable, ending=ending))
    script.chmod(0o755)
    return Source(name="crm", tap=str(script), config={"api_key": "s3cret"})


def _ids(lake: Lake) -> list[int]:
    with lake.connect(read_only=True) as con:
        return [
            row[0] for row in con.execute("select id from lake.crm.things order by 1").fetchall()
        ]


def test_each_pull_goes_on_where_the_last_one_ended(lake: Lake, tmp_path: Path) -> None:
    for load in ("one", "two"):
        pull(lake, _source(tmp_path), load, lambda _: None)
    assert _ids(lake) == [1, 2, 3, 4, 5, 6]


def test_a_tap_that_dies_is_told_and_what_it_had_committed_stays(
    lake: Lake, tmp_path: Path
) -> None:
    with pytest.raises(PullError, match=r"Source crm .*exit code 3.*What was committed stays"):
        pull(lake, _source(tmp_path, ending="sys.exit(3)"), "one", lambda _: None)
    pull(lake, _source(tmp_path), "two", lambda _: None)
    assert _ids(lake) == [1, 2, 3, 4, 5, 6]


def test_a_secret_reaches_neither_log_nor_error_nor_a_file(lake: Lake, tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(PullError) as failed:
        pull(
            lake,
            _source(tmp_path, ending="raise SystemExit(config['api_key'])"),
            "one",
            said.append,
        )
    assert any("***" in line for line in said)
    assert "s3cret" not in "\n".join([*said, str(failed.value)])
    kept = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert kept and not any(b"s3cret" in path.read_bytes() for path in kept)


def test_a_tap_learns_nothing_of_the_lakes_catalog(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    source = _source(tmp_path, ending="import os; print(dict(os.environ), file=sys.stderr)")
    monkeypatch.setenv("CROSSDOCK_CATALOG", "")
    monkeypatch.setenv("CROSSDOCK_DBT_TARGET", "lake")
    monkeypatch.setenv("CRM_REGION", "north")
    pull(lake, source, "one", said.append)
    told = "\n".join(said)
    assert "CRM_REGION" in told
    assert "CROSSDOCK_CATALOG" not in told and "CROSSDOCK_DBT_TARGET" not in told


def test_a_tap_that_is_not_installed_is_named_with_the_mend(lake: Lake) -> None:
    source = Source(name="crm", tap="tap-nowhere", config={})
    with pytest.raises(PullError, match=r"no command tap-nowhere. Install the tap"):
        pull(lake, source, "one", lambda _: None)


def test_the_state_in_the_lake_is_the_taps_own(lake: Lake, tmp_path: Path) -> None:
    pull(lake, _source(tmp_path), "one", lambda _: None)
    with lake.connect(read_only=True) as con:
        (state,) = con.execute("select state from lake.hub.state where source = 'crm'").fetchall()
    assert json.loads(state[0]) == {"last": 3}


@pytest.fixture
def shop(tmp_path: Path) -> Source:
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("create table t (id integer primary key, price numeric(9, 2))")
        database.executemany("insert into t values (?, ?)", [(1, 1.5), (2, "x"), (3, 0.1)])
    database.close()
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    # Null: this source has no contract among ours.
    return Source(name="shop", tap="tap-sql", config={"url": url, "contract": None})


@pytest.mark.parametrize("choice", [{}, {"batch_config": None}], ids=["batches", "records"])
def test_a_database_is_pulled_in_batches_unless_its_source_says_otherwise(
    lake: Lake, shop: Source, choice: dict[str, None]
) -> None:
    left = lake.paths.lock.with_name("batches") / "shop" / "killed" / "1.parquet"
    left.parent.mkdir(parents=True)
    left.touch()
    said: list[str] = []
    pull(lake, shop.model_copy(update={"config": {**shop.config, **choice}}), "one", said.append)
    with lake.connect(read_only=True) as con:
        rows = con.execute("select id, price::varchar from lake.shop.t order by 1").fetchall()
    assert rows == [(1, "1.50"), (3, "0.10")]
    assert any("2 rows in batches, 1 as records" in line for line in said) == (not choice)
    assert not left.exists() and not left.parents[1].exists()
