"""A pull as Dagster sees it: a stream that fails costs its own asset, no other."""

import os
import sqlite3
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

import contracts

# dagster-dbt asks for sqlglot[rs]: https://github.com/tobymao/sqlglot/tree/main/sqlglotrs
pytestmark = pytest.mark.filterwarnings("ignore:sqlglotrs is deprecated:DeprecationWarning")

KINDS = {"VARCHAR": sa.String, "BIGINT": sa.BigInteger, "DATE": sa.Date, "JSON": sa.JSON}
KINDS |= {"TIMESTAMPTZ": sa.DateTime, "BOOLEAN": sa.Boolean}
SAMPLES = {sa.DateTime: datetime.fromisoformat("2026-03-02 22:00"), sa.Date: date(2026, 3, 2)}


def _contracted(path: Path, contract: str) -> None:
    """Make a database with the tables of a contract, a row in each."""
    engine = sa.create_engine(f"sqlite:///{path}")
    meta, rows = sa.MetaData(), {}
    for table in contracts.read(f"sources/{contract}").tables:
        kinds = {
            column.name: KINDS.get(column.physical_type, sa.Numeric(18, 6, asdecimal=False))
            for column in table.columns
        }
        columns = [
            sa.Column(name, kind, primary_key=name in table.primary_key)
            for name, kind in kinds.items()
        ]
        rows[table.name] = {
            name: SAMPLES.get(kind, "x" if kind is sa.String else 1) for name, kind in kinds.items()
        }
        sa.Table(table.name, meta, *columns)
    meta.create_all(engine)
    with engine.begin() as connection:
        for name, row in rows.items():
            connection.execute(meta.tables[name].insert(), row)
    engine.dispose()


@pytest.fixture
def pull_wms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.AssetsDefinition:
    _contracted(tmp_path / "wms.db", "wms")
    (tmp_path / "sources.yaml").write_text(
        f"sources:\n  wms:\n    tap: tap-sql\n    config:\n"
        f"      url: sqlite:///{tmp_path / 'wms.db'}\n      naive_timezone: UTC\n"
    )
    monkeypatch.setenv("CROSSDOCK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CROSSDOCK_SOURCES", str(tmp_path / "sources.yaml"))
    for name in ("PATH", "DAGSTER_HOME", "DBT_TARGET_PATH", "DBT_LOG_PATH", "CROSSDOCK_DAGSTER",
                 "CROSSDOCK_EXTENSIONS", "DBT_SEND_ANONYMOUS_USAGE_STATS"):  # fmt: skip
        monkeypatch.setenv(name, os.environ.get(name, ""))  # put back what Hub.open exports
    from orchestration.components.singer_sources import _source_assets
    from orchestration.settings import load
    from orchestration.sources import read

    (source,) = read(load().sources)
    return _source_assets(source)


def _materialized(assets: dg.AssetsDefinition) -> tuple[Any, dict[str, dict[str, Any]]]:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([assets], instance=instance, raise_on_error=False)
        made = {
            event.asset_key.path[-1]: {
                name: entry.value for name, entry in event.materialization.metadata.items()
            }
            for event in result.get_asset_materialization_events()
            if event.asset_key
        }
        failures = [event.step_failure_data.error for event in result.get_step_failure_events()]
        return failures, made


@pytest.mark.slow
def test_a_renamed_column_fails_its_asset_and_the_others_are_landed(
    pull_wms: dg.AssetsDefinition, tmp_path: Path
) -> None:
    with sqlite3.connect(tmp_path / "wms.db") as database:
        database.execute("alter table stock rename column qty to quantity")
    database.close()
    tables = {table.name for table in contracts.read("sources/wms").tables}
    failures, made = _materialized(pull_wms)
    assert made.keys() == tables - {"stock"}
    (error,) = failures
    while error.cause:
        error = error.cause
    assert "1 of its streams failed: stock" in error.message
    assert "Was it renamed to 'quantity'?" in error.message

    with sqlite3.connect(tmp_path / "wms.db") as database:
        database.execute("alter table stock rename column quantity to qty")
    database.close()
    failures, made = _materialized(pull_wms)
    assert failures == [] and made.keys() == tables
    assert {name: metadata["held_now"] for name, metadata in made.items()} == dict.fromkeys(
        tables, 0
    )


def test_units_held_back_stand_with_their_asset(
    pull_wms: dg.AssetsDefinition, tmp_path: Path
) -> None:
    with sqlite3.connect(tmp_path / "wms.db") as database:
        database.execute("update stock set qty = 'many'")
    database.close()
    failures, made = _materialized(pull_wms)
    assert failures == []
    assert (made["stock"]["quarantined"], made["stock"]["held_now"]) == (1, 1)
    (record,) = made["stock"]["held_reasons"].records
    assert record.data["reason"] == "type_mismatch" and record.data["units"] == 1
    assert all(one["held_now"] == 0 for name, one in made.items() if name != "stock")
