"""One incident a cause, told once when it begins and once when it ends, whatever lies between."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from orchestration.incidents import Change, Incident, acknowledged, judged, ran, snoozed

NOW = datetime(2026, 3, 11, 22, tzinfo=UTC)
LAYERS = {
    "sources": ("sources/wms", "wms.stock"),
    "canonical": ("canonical/stock", "canonical.stock"),
}
RULES = ("a", "b", "c")


def row(layer: str, rule: str, status: str = "failed", **other: Any) -> dict[str, Any]:
    contract, dataset = LAYERS[layer]
    told = {"contract": contract, "dataset": dataset, "rule": rule, "column": "qty"}
    told |= {"severity": "error", "status": status, "message": f"{rule} broke", "failing": 3}
    return {**told, "mend": "Mend it.", "owner": "wms-operations", "channel": "#wms", **other}


def settle(standing: list[Incident], changes: list[Change]) -> list[Incident]:
    """Return the unresolved incidents after changes, as a store would keep them."""
    kept = {one.incident_id: one for one in standing}
    kept |= {change.incident.incident_id: change.incident for change in changes}
    return [one for one in kept.values() if one.status != "resolved"]


def test_a_cause_that_is_found_again_is_one_incident_until_it_holds() -> None:
    (opened,) = judged([], "sources", [row("sources", "a"), row("sources", "b", "passed")], NOW)
    assert opened.event == "opened" and opened.incident.since == NOW
    later = NOW + timedelta(hours=1)
    (again,) = judged([opened.incident], "sources", [row("sources", "a", failing=5)], later)
    assert again.event is None
    assert again.incident.incident_id == opened.incident.incident_id
    assert (again.incident.times, again.incident.failing, again.incident.since) == (2, 5, NOW)
    (ended,) = judged([again.incident], "sources", [row("sources", "a", "passed")], later)
    assert ended.event == "resolved" and ended.incident.resolved_at == later
    (new,) = judged([], "sources", [row("sources", "a")], later)
    assert new.incident.incident_id != opened.incident.incident_id


def test_what_was_not_evaluated_is_broken_and_another_layer_decides_nothing() -> None:
    (opened,) = judged([], "sources", [row("sources", "a", "not_evaluated")], NOW)
    assert opened.event == "opened"
    assert judged([opened.incident], "canonical", [row("canonical", "a", "passed")], NOW) == []


def test_a_table_that_is_missing_is_one_incident_and_a_column_another() -> None:
    lost = [
        row("sources", "exists", kind="exists", column=None),
        row("sources", "a", "not_evaluated", kind="sql", column=None),
        row("sources", "b", "not_evaluated", kind="required"),
    ]
    (opened,) = judged([], "sources", lost, NOW)
    assert opened.incident.rule == "exists"
    assert opened.incident.echoes == ("wms.stock a", "wms.stock b")
    retyped = [
        row("sources", "exists", "passed", kind="exists", column=None),
        row("sources", "qty.type", kind="type"),
        row("sources", "a", "not_evaluated", kind="sql", column=None),
        row("sources", "b", "not_evaluated", kind="required"),
    ]
    ended, *changes = sorted(
        judged([opened.incident], "sources", retyped, NOW), key=lambda c: c.event != "resolved"
    )
    assert ended.incident.rule == "exists"
    assert {c.incident.rule: c.incident.echoes for c in changes} == {
        "qty.type": ("wms.stock b",), "a": ()
    }  # fmt: skip


def test_a_rule_that_is_gone_ends_its_incident_and_says_so() -> None:
    (opened,) = judged([], "sources", [row("sources", "a")], NOW)
    (ended,) = judged([opened.incident], "sources", [row("sources", "b", "passed")], NOW)
    assert ended.event == "resolved"
    assert ended.incident.note == "no contract that is judged has this rule now"


def test_an_echo_is_told_with_its_cause_and_is_an_incident_of_its_own_when_that_has_ended() -> None:
    (root,) = judged([], "sources", [row("sources", "a")], NOW)
    (heard,) = judged([root.incident], "canonical", [row("canonical", "b")], NOW, lambda *_: True)
    assert heard.event is None and heard.incident.echoes == ("canonical.stock b",)
    assert (
        judged([heard.incident], "canonical", [row("canonical", "b")], NOW, lambda *_: True) == []
    )
    (ended,) = judged([heard.incident], "sources", [row("sources", "a", "passed")], NOW)
    assert ended.event == "resolved" and ended.incident.echoes == ("canonical.stock b",)
    (own,) = judged([], "canonical", [row("canonical", "b")], NOW, lambda *_: True)
    assert own.event == "opened"
    (quiet,) = judged([heard.incident], "canonical", [row("canonical", "b", "passed")], NOW)
    assert quiet.incident.echoes == () and quiet.event is None


def test_a_snooze_ends_by_a_reminder_and_an_acknowledged_one_stays_silent() -> None:
    (opened,) = judged([], "sources", [row("sources", "a")], NOW)
    until = NOW + timedelta(hours=2)
    quiet = snoozed(opened.incident, "ops", until, "known")
    (before,) = judged([quiet], "sources", [row("sources", "a")], until - timedelta(minutes=1))
    assert before.event is None and before.incident.status == "snoozed"
    (after,) = judged([before.incident], "sources", [row("sources", "a")], until)
    assert after.event == "reminder" and after.incident.status == "open"
    taken = acknowledged(after.incident, "ops", "at it")
    (still,) = judged([taken], "sources", [row("sources", "a")], until + timedelta(days=1))
    assert still.event is None and still.incident.status == "acknowledged"
    (ended,) = judged([taken], "sources", [row("sources", "a", "passed")], until)
    assert ended.event == "resolved" and ended.incident.by == "ops"


def test_a_warning_that_becomes_an_error_is_told_again() -> None:
    (opened,) = judged([], "sources", [row("sources", "a", severity="warning")], NOW)
    (worse,) = judged([opened.incident], "sources", [row("sources", "a")], NOW)
    assert worse.event == "reminder" and worse.incident.severity == "error"


def test_a_step_that_fails_is_one_incident_in_every_job_until_it_ends_well() -> None:
    def owner(_: str) -> tuple[str, str]:
        return "data-platform", "#data-platform"

    (opened,) = ran([], "run", {"pull_wms": "no answer"}, {"pull_erp"}, NOW, owner)
    assert opened.incident.message == "pull_wms failed in `run`: no answer"
    (again,) = ran([opened.incident], "pull", {"pull_wms": "no answer"}, set(), NOW, owner)
    assert again.event is None and again.incident.times == 2
    assert ran([again.incident], "run", {}, {"pull_erp"}, NOW, owner) == [], "it did not run"
    (ended,) = ran([again.incident], "pull", {}, {"pull_wms"}, NOW, owner)
    assert ended.event == "resolved"
    assert judged([opened.incident], "sources", [row("sources", "a", "passed")], NOW) == []


class Incidents(RuleBasedStateMachine):
    """Things break, heal, are judged and taken up in any order; the model knows what is broken."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.broken: set[tuple[str, str]] = set()
        self.judged: dict[str, set[str]] = {"sources": set(), "canonical": set()}
        self.standing: list[Incident] = []
        self.told: list[tuple[str, str]] = []

    @rule(layer=st.sampled_from(sorted(LAYERS)), name=st.sampled_from(RULES))
    def flip(self, layer: str, name: str) -> None:
        self.broken ^= {(layer, name)}

    @rule(minutes=st.integers(1, 200))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(layer=st.sampled_from(sorted(LAYERS)), is_lost=st.booleans())
    def judge(self, layer: str, is_lost: bool) -> None:
        """Judge a layer; a kill before the commit loses verdicts and alerts together."""
        self.now += timedelta(seconds=1)
        rows = [
            row(layer, name, "failed" if (layer, name) in self.broken else "passed")
            for name in RULES
        ]
        # Downstream, a rule is the echo of the source's rule of the same name.
        changes = judged(
            self.standing, layer, rows, self.now, lambda found, one: found["rule"] == one.rule
        )
        if is_lost:
            return
        self.standing = settle(self.standing, changes)
        self.told += [(c.incident.incident_id, c.event) for c in changes if c.event]
        self.judged[layer] = {name for where, name in self.broken if where == layer}
        # At once nothing of the layer is left untold: it is an incident, or told as an echo.
        own = {one.rule for one in self.standing if one.layer == layer}
        echoed = {echo.rpartition(" ")[2] for one in self.standing for echo in one.echoes}
        assert self.judged[layer] == own | (echoed if layer == "canonical" else set())
        assert not own & echoed or layer == "sources", "told twice"

    @rule(hours=st.integers(1, 5), is_taken=st.booleans())
    def take_up(self, hours: int, is_taken: bool) -> None:
        if self.standing:
            one, *rest = self.standing
            until = self.now + timedelta(hours=hours)
            taken = acknowledged(one, "ops", None) if is_taken else snoozed(one, "ops", until, None)
            self.standing = [*rest, taken]

    @invariant()
    def one_a_cause(self) -> None:
        causes = Counter(one.cause for one in self.standing)
        assert all(count == 1 for count in causes.values())

    @invariant()
    def what_was_found_broken_stands_and_nothing_else(self) -> None:
        of = {layer: {o.rule for o in self.standing if o.layer == layer} for layer in LAYERS}
        assert of["sources"] == self.judged["sources"]
        assert of["canonical"] <= self.judged["canonical"]

    @invariant()
    def each_is_told_once_at_either_end(self) -> None:
        counts = Counter(self.told)
        unresolved = {one.incident_id for one in self.standing}
        for incident_id in {named for named, _ in self.told}:
            assert counts[incident_id, "opened"] == 1
            assert counts[incident_id, "resolved"] == (incident_id not in unresolved)


TestIncidents = Incidents.TestCase
TestIncidents.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)
