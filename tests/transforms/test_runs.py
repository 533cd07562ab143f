"""What a second run, a new arrival and a broken candidate do to the tables that stand."""

from datetime import timedelta
from typing import Any

import duckdb
import pytest

import contracts

pytestmark = [
    pytest.mark.slow,  # six runs of dbt
    pytest.mark.filterwarnings(
        # open-data-contract-standard 3.2.0 reads its schema through importlib.resources.open_text
        "ignore:open_text is deprecated:DeprecationWarning"
    ),
]

NEW_SCAN = {"datetime": "2026-03-12T09:00:00Z", "status": "return_to_sender", "message": "Refused"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, hub: Any, world: dict[str, Any]) -> Any:
    """A hub of this module's own, to change."""
    own = type(hub)(tmp_path_factory.mktemp("runs"))
    own.load(world)
    own.dbt("run")
    return own


def snapshot(hub: Any) -> int:
    """The lake's newest snapshot."""
    (found,) = hub.rows("SELECT max(snapshot_id) FROM lake.snapshots()")
    return int(found[0])


def test_a_run_over_unchanged_sources_changes_nothing_and_makes_no_snapshot(built: Any) -> None:
    before, at = built.contents(), snapshot(built)
    assert before.keys() == {contract.name for contract in contracts.read_all("canonical")}
    built.dbt("run")
    assert built.contents() == before
    assert snapshot(built) == at


def test_two_hubs_over_the_same_rows_mint_the_same_identities(built: Any, hub: Any) -> None:
    assert built.contents() == hub.contents()


def test_an_event_keeps_its_arrival_when_its_tracker_comes_again(
    built: Any, world: dict[str, Any]
) -> None:
    from_first = dict(built.rows("SELECT event_uid, received_at FROM canonical.tracking_event"))
    tracker = next(row for row in world["carrier.trackers"] if row["id"] == "trk_1")
    later = max(from_first.values()) + timedelta(hours=12)
    details = [*tracker["tracking_details"], NEW_SCAN]
    built.load({"carrier.trackers": [{**tracker, "tracking_details": details}]}, later)
    built.dbt("run", "--select", "int_tracker__linked+")
    now = dict(built.rows("SELECT event_uid, received_at FROM canonical.tracking_event"))
    assert {uid: now[uid] for uid in from_first} == from_first
    assert [now[uid] for uid in now.keys() - from_first.keys()] == [later]
    # Returned outranks delivered; the delivery stays known.
    assert built.rows(
        "SELECT status, strftime(delivered_at, '%d %H:%M') FROM canonical.package "
        "WHERE tracking_no = 'TRK-1'"
    ) == [("return_to_sender", "11 21:30")]


def test_a_row_that_lacks_what_its_contract_requires_leaves_the_table_as_it_was(
    built: Any, world: dict[str, Any]
) -> None:
    before = built.rows("FROM canonical.node ORDER BY ALL")
    node = world["erp.warehouses"][0]
    built.load({"erp.warehouses": [{**node, "tz": None}]})
    with pytest.raises(AssertionError, match="NOT NULL constraint failed"):
        built.dbt("run", "--select", "int_node__survived", "node")
    assert built.rows("FROM canonical.node ORDER BY ALL") == before
    built.load({"erp.warehouses": [node]})
    built.dbt("run", "--select", "int_node__survived", "node")
    assert built.rows("FROM canonical.node ORDER BY ALL") == before


def test_a_table_is_made_anew_when_its_contract_gains_a_column(built: Any) -> None:
    with built.lake.connect() as con:
        con.execute("ALTER TABLE lake.canonical.carrier_rate DROP COLUMN currency")
    built.dbt("run", "--select", "carrier_rate")
    assert built.rows("SELECT DISTINCT currency FROM canonical.carrier_rate") == [("USD",)]


def test_the_lake_holds_exactly_the_schemas_of_dbt(built: Any) -> None:
    sources = {contract.name for contract in contracts.read_all("sources")}
    found = built.rows(
        "SELECT DISTINCT table_schema FROM system.information_schema.tables "
        "WHERE table_catalog = 'lake'"
    )
    ours = {"hub", "held"}  # what was loaded, and what contracts hold apart
    found = {name for (name,) in found} - sources - ours
    assert found == {"canonical"}, "views and intermediate tables are the workbench's"


def test_a_model_that_was_a_view_becomes_a_table_and_a_lost_workbench_is_made_anew(
    built: Any,
) -> None:
    before, workbench = built.contents(), built.home / "workbench.duckdb"
    with duckdb.connect(str(workbench)) as con:
        con.execute("DROP TABLE intermediate.int_count__booked")
        con.execute("CREATE VIEW intermediate.int_count__booked AS SELECT 1 AS one")
    built.dbt("run", "--select", "int_count__booked+")
    assert built.contents() == before
    workbench.unlink()
    built.dbt("run")
    assert built.contents() == before
