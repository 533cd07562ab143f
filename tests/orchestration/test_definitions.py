"""Everything that Dagster is told: assets, owners, checks, jobs; loaded as the UI loads it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import contracts
from decisions import jobs
from orchestration.components.contract_checks import check_names


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    home: Path = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROSSDOCK_HOME", str(home))
        from orchestration.definitions import defs

        yield defs.get_repository_def()


def test_every_contracted_table_is_an_asset_with_its_owner_its_columns_and_its_checks(
    repository: Any,
) -> None:
    graph = repository.asset_graph
    for contract in contracts.read_all():
        for table in contract.tables:
            key = dg.AssetKey([contract.schema, table.name])
            node = graph.get(key)
            assert node.owners == [f"team:{contract.owner}"], key
            assert node.group_name == contract.schema
            assert node.description == table.description
            schema = node.metadata["dagster/column_schema"]
            assert [c.name for c in schema.columns] == [c.name for c in table.columns]
            shown = [rule for rules in check_names(contract, table).values() for rule in rules]
            assert sorted(rule.id for rule in shown) == sorted(rule.id for rule in table.rules)
            for name in check_names(contract, table):
                assert graph.get(dg.AssetCheckKey(key, name)).description, (key, name)


def test_a_written_rule_is_a_check_that_says_how_severe_it_is_and_what_to_do(
    repository: Any,
) -> None:
    name = "stock_position_equals_movements"
    check = repository.asset_graph.get(dg.AssetCheckKey(dg.AssetKey(["wms", "stock"]), name))
    assert check.metadata["severity"] == "error" and check.metadata["column"] == "qty"
    assert "units of measure" in check.metadata["mend"]
    assert "sum of what moved" in check.description and "wms-operations" in check.description


def test_a_release_hangs_on_the_verdicts_and_they_on_every_table(repository: Any) -> None:
    graph = repository.asset_graph
    verdicts = {dg.AssetKey(["verdict", layer]) for layer in ("sources", "canonical")}
    assert graph.get(dg.AssetKey(["release"])).parent_keys == verdicts
    for layer in ("sources", "canonical"):
        judged = graph.get(dg.AssetKey(["verdict", layer])).parent_keys
        for contract in contracts.read_all(layer):
            assert {dg.AssetKey([contract.schema, t.name]) for t in contract.tables} <= judged


def test_a_source_is_late_in_dagster_when_its_contract_says_so(repository: Any) -> None:
    policies = {
        key: repository.asset_graph.get(key).freshness_policy_or_from_metadata
        for key in (dg.AssetKey(["carrier", "trackers"]), dg.AssetKey(["carrier", "shipments"]))
    }
    late, none = policies.values()
    assert late.fail_window.to_timedelta() == timedelta(hours=26) and none is None


def test_canonical_assets_hang_on_staging_and_staging_on_the_sources(repository: Any) -> None:
    graph = repository.asset_graph
    for contract in contracts.read_all("sources"):
        for table in contract.tables:
            below = graph.get(dg.AssetKey([contract.name, table.name])).child_keys
            assert any(key.path[0] == "staging" for key in below), table.name


def test_a_decision_hangs_on_its_own_gate_and_on_what_it_reads(repository: Any) -> None:
    graph = repository.asset_graph
    for name, job in jobs().items():
        gate = dg.AssetKey(["gate", name])
        assert graph.get(gate).parent_keys == {dg.AssetKey(["release"])}
        assert graph.get(dg.AssetCheckKey(gate, "open")).blocking
        parents = graph.get(dg.AssetKey(["decisions", name])).parent_keys
        assert parents == {
            gate,
            *(dg.AssetKey(["canonical", entity]) for entity in job.reads),
        }


def test_the_verbs_are_jobs_and_a_failed_run_is_heard(repository: Any) -> None:
    assert {"run", "pull", "unify", "check", "release", "decide"} <= set(repository.job_names)
    assert {"maintain", "fsck"} <= set(repository.job_names)
    by_default = {one.name: one.default_status.value for one in repository.schedule_defs}
    assert by_default == {"hourly": "STOPPED", "nightly": "RUNNING", "weekly": "RUNNING"}
    for name in ("run_failed", "run_ended", "alerts"):
        assert repository.get_sensor_def(name).default_status is dg.DefaultSensorStatus.RUNNING


def test_a_field_tells_what_it_would_take_with_it(repository: Any) -> None:
    from orchestration.hub import Hub
    from orchestration.impact import impact

    hub = Hub.open()
    stock = impact(hub, "wms.stock", "qty")
    assert stock.jobs == ("source_orders",)
    assert stock.owners["canonical.inventory_atp"] == "inventory-control"
    signed = impact(hub, "carrier.trackers", "signed_by")
    assert signed.jobs == () and "canonical.inventory_atp" not in signed.entities
    assert "holds no decision job" in signed.said()


def test_automation_holds_a_decision_while_its_gate_is_closed_and_fires_when_it_opens(
    repository: Any,
) -> None:
    from orchestration.definitions import defs

    name = min(jobs())
    key, gate = dg.AssetKey(["decisions", name]), dg.AssetKey(["gate", name])
    parents = repository.asset_graph.get(key).parent_keys
    with dg.DagsterInstance.ephemeral() as instance:

        def requested(cursor: Any = None) -> Any:
            return dg.evaluate_automation_conditions(
                defs=defs,
                instance=instance,
                asset_selection=dg.AssetSelection.assets(key),
                cursor=cursor,
            )

        def look(is_open: bool) -> None:
            check = dg.AssetCheckEvaluation(asset_key=gate, check_name="open", passed=is_open)
            instance.report_runless_asset_event(dg.AssetMaterialization(gate))
            instance.report_runless_asset_event(check)

        instance.report_runless_asset_event(dg.AssetMaterialization(key))
        before = requested()
        for parent in parents - {gate}:
            instance.report_runless_asset_event(dg.AssetMaterialization(parent))
        look(is_open=False)
        held = requested(before.cursor)
        assert held.total_requested == 0, "its inputs are new, but the gate is closed"
        still = requested(held.cursor)
        assert still.total_requested == 0
        look(is_open=True)
        assert requested(still.cursor).get_num_requested(key) == 1
