"""A step that fails is told until it ends well; a gate that cannot judge is such, a closed not."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

import decisions
from orchestration import incident_store, judging, publishing, run_incidents, running, telling
from orchestration.components import contract_checks, decision_jobs
from orchestration.incidents import Incident
from orchestration.sensors import run_ended, run_failed
from orchestration.step_errors import GATE
from tests.orchestration.small_hub import START, SmallHub, small_hub

BREAK = "update lake.shop.stock set qty = -1 where sku = 'A-01'"
GONE = "There is no sound release"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallHub]:
    """A hub with a release on which its job may start, and the job in Dagster."""
    with small_hub(tmp_path) as made:
        stages(made)
        job = decisions.job("fill")
        parts = [make(job, "ops") for make in (decision_jobs._gate, decision_jobs._asset)]
        decide = dg.define_asset_job("decide", dg.AssetSelection.assets(*parts))
        defs = dg.Definitions(parts, jobs=[decide], executor=dg.in_process_executor)
        # It draws what this job does not decide on.
        monkeypatch.setattr(decision_jobs.plots, "shipments_by_node_and_service", lambda _: None)
        monkeypatch.setenv("CROSSDOCK_NOW", START.isoformat())
        monkeypatch.setitem(sys.modules, "orchestration.definitions", SimpleNamespace(defs=defs))
        yield made


def stages(small: SmallHub) -> None:
    small.build()
    judging.judge(small.hub, "sources")
    judging.judge(small.hub, "canonical")
    publishing.publish(small.hub)


def standing(small: SmallHub) -> list[Incident]:
    with small.hub.lake.connect(read_only=True) as con:
        return incident_store.standing(con)


def lose_release(small: SmallHub) -> Callable[[], object]:
    """Take the file of the newest release away; return what puts it back."""
    newest = small.hub.releases.newest()
    assert newest is not None
    file = newest.path / "release.json"
    aside = file.rename(file.with_suffix(".gone"))
    return lambda: aside.rename(file)


def test_a_gate_that_cannot_judge_is_an_incident_of_the_operators_until_it_answers(
    small: SmallHub,
) -> None:
    give_back = lose_release(small)
    assert not running.run(small.hub, "decide").success
    (one,) = standing(small)
    assert (one.rule, one.owner, one.severity) == (
        "gate_fill",
        small.hub.settings.operator,
        "error",
    )
    assert GONE in one.message, "our own error says it, not the OSError under it"
    assert telling.blocked(small.hub, one) == ("fill",)
    told = telling.alert(small.hub, one, "a-1", "opened", one.since)
    assert told.title == "the gate of fill cannot judge"
    running.run(small.hub, "decide")
    assert [(again.incident_id, again.times) for again in standing(small)] == [(one.incident_id, 2)]
    give_back()
    assert running.run(small.hub, "decide").success
    assert standing(small) == []


def test_a_gate_closed_by_a_rule_is_told_by_the_rules_incident_and_has_answered(
    small: SmallHub,
) -> None:
    give_back = lose_release(small)
    running.run(small.hub, "decide")
    give_back()
    small.load(BREAK)
    stages(small)
    assert {one.rule for one in standing(small)} == {"qty.minimum", "gate_fill"}
    ended = running.run(small.hub, "decide")
    assert [step.name for step in ended.steps] == ["gate_fill"] and not ended.success
    assert {one.rule for one in standing(small)} == {"qty.minimum"}


@pytest.mark.parametrize("is_lost", [True, False])
def test_a_decision_asked_for_alone_tells_of_its_gate_not_of_itself(
    small: SmallHub, is_lost: bool
) -> None:
    if is_lost:
        lose_release(small)
    else:
        small.load(BREAK)
        stages(small)
    before = [one.rule for one in standing(small)]
    running.run(small.hub, "decide", assets=[dg.AssetKey(["decisions", "fill"])])
    assert [one.rule for one in standing(small)] == [*before, *(["gate_fill"] * is_lost)]


def test_dagsters_sensors_hear_the_same(small: SmallHub) -> None:
    job = decisions.job("fill")
    parts = [make(job, "ops") for make in (decision_jobs._gate, decision_jobs._asset)]

    def run_and_tell() -> None:
        with dg.DagsterInstance.ephemeral() as instance:
            result = dg.materialize(parts, instance=instance, raise_on_error=False)
            context = dg.build_run_status_sensor_context(
                sensor_name="any",
                dagster_instance=instance,
                dagster_run=result.dagster_run,
                dagster_event=result.all_events[-1],
            )
            if result.success:
                run_ended(context)
            else:
                run_failed(context.for_run_failure())

    give_back = lose_release(small)
    run_and_tell()
    assert [one.rule for one in standing(small)] == ["gate_fill"]
    give_back()
    small.load(BREAK)
    stages(small)
    run_and_tell()
    assert [one.rule for one in standing(small)] == ["qty.minimum"]
    small.load(BREAK.replace("-1", "1"))
    stages(small)
    run_and_tell()
    assert standing(small) == []


def test_definitions_that_cannot_load_are_an_incident_until_a_job_begins(
    small: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_: str) -> Any:
        raise contract_checks.CrossdockError("canonical/lot.odcs.yaml:59: not valid YAML.")

    broken = SimpleNamespace(defs=SimpleNamespace(resolve_job_def=unreadable))
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "orchestration.definitions", broken)
        with pytest.raises(contract_checks.CrossdockError, match=r"lot\.odcs\.yaml:59"):
            running.run(small.hub, "decide")
    (one,) = standing(small)
    assert one.rule == "load_definitions" and "lot.odcs.yaml:59: not valid" in one.message
    refused = (
        "fill may not start. Its gate cannot judge: canonical/lot.odcs.yaml:59: not valid YAML."
    )
    run_incidents.note(small.hub, "gate", {"gate_fill": refused}, [])
    assert [it.rule for it in standing(small)] == ["load_definitions"], "it is the same cause"
    assert running.run(small.hub, "decide").success
    assert standing(small) == []


def test_what_keeps_several_gates_from_judging_is_one_incident_until_each_answers(
    small: SmallHub,
) -> None:
    def failed(*jobs: str, why: str = GONE) -> dict[str, str]:
        return {GATE + job: f"{job} may not start. Its gate cannot judge: {why}" for job in jobs}

    run_incidents.note(small.hub, "decide", failed("fill", "replenish"), [])
    (one,) = standing(small)
    assert one.rule == "gate_fill" and one.echoes == ("decide gate_replenish",)
    assert telling.blocked(small.hub, one) == ("fill", "replenish")
    run_incidents.note(small.hub, "gate", failed("replenish"), [])
    assert [it.rule for it in standing(small)] == ["gate_fill"]
    run_incidents.note(small.hub, "decide", failed("replenish"), ["gate_fill"])
    assert [it.rule for it in standing(small)] == ["gate_replenish"]
    other = failed("replenish") | failed("fill", why="the lake is locked")
    run_incidents.note(small.hub, "decide", other, [])
    assert {it.rule for it in standing(small)} == {"gate_fill", "gate_replenish"}
    run_incidents.note(small.hub, "decide", {}, ["decisions__fill", "gate_replenish"])
    assert standing(small) == [], "a job that decided was let through by its gate"


def test_a_gate_that_is_asked_on_the_command_line_is_an_incident_too_if_it_cannot_judge(
    small: SmallHub,
) -> None:
    from typer.testing import CliRunner

    from orchestration.cli import load_commands

    def gate() -> int:
        return CliRunner().invoke(load_commands(), ["gate"]).exit_code

    assert gate() == 0
    give_back = lose_release(small)
    assert gate() == 1
    assert [one.rule for one in standing(small)] == ["gate_fill"]
    give_back()
    assert gate() == 0 and standing(small) == []
    small.load(BREAK)
    stages(small)
    assert gate() == 1
    assert [one.rule for one in standing(small)] == ["qty.minimum"]
