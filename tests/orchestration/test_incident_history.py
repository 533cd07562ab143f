"""What happened to an incident is kept, entry by entry, and told in order of time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from orchestration import incident_store, incidents
from orchestration.hub import Hub
from orchestration.incident_history import Entry, happened, whole
from orchestration.incidents import Change, Incident, acknowledged, judged, snoozed
from orchestration.settings import Settings

NOW = datetime(2026, 3, 11, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)


def row(status: str = "failed", **other: Any) -> dict[str, Any]:
    told = {"contract": "sources/wms", "dataset": "wms.stock", "rule": "sums", "column": "qty"}
    told |= {"severity": "error", "status": status, "message": "3 rows break it.", "failing": 3}
    return {**told, "mend": "Mend.", "owner": "wms-operations", "channel": "#wms", **other}


class Life:
    """One incident in a hub, and what is done to it."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.hub = Hub(Settings(home=home, **settings))
        self.hub.lake.create()

    def found(self, now: datetime, status: str = "failed", **other: Any) -> None:
        rows = [row(status, **other)]
        self.change(now, lambda standing: judged(standing, "sources", rows, now))

    def taken(self, now: datetime, what: Callable[[Incident], Incident]) -> None:
        self.change(now, lambda standing: [Change(what(one)) for one in standing])

    def change(self, now: datetime, what: Callable[[list[Incident]], list[Change]]) -> None:
        incident_store.change(self.hub, what, now, "test")

    def history(self, now: datetime = NOW + 99 * HOUR) -> list[Entry]:
        with self.hub.lake.connect(read_only=True) as con:
            (one,) = incident_store.listed(con)
            return incident_store.history(con, one, now)

    def rows(self) -> list[tuple[Any, ...]]:
        with self.hub.lake.connect(read_only=True) as con:
            return con.execute(f"from {incident_store.HISTORY}").fetchall()


@pytest.fixture
def life(tmp_path: Path) -> Life:
    return Life(tmp_path)


def kinds(entries: list[Entry]) -> list[tuple[str, int]]:
    return [(one.kind, int((one.happened_at - NOW) / HOUR)) for one in entries]


def test_each_note_stays_whoever_speaks_next_and_the_whole_is_told_in_order(life: Life) -> None:
    life.found(NOW, severity="warning")
    life.found(NOW + HOUR, severity="warning")
    life.taken(NOW + 2 * HOUR, lambda one: acknowledged(one, "ops", "asked the WMS team"))
    life.taken(NOW + 3 * HOUR, lambda one: acknowledged(one, "lead", None))
    life.taken(NOW + 4 * HOUR, lambda one: snoozed(one, "ops", NOW + 6 * HOUR, "count tonight"))
    life.found(NOW + 7 * HOUR, severity="warning", failing=5)
    life.found(NOW + 8 * HOUR, failing=5)
    life.found(NOW + 9 * HOUR, "passed")
    told = life.history()
    assert kinds(told) == [
        ("opened", 0), ("acknowledged", 2), ("acknowledged", 3), ("snoozed", 4),
        ("snooze ended", 6), ("changed", 7), ("worsened", 8), ("resolved", 9),
    ]  # fmt: skip
    assert [(one.by, one.note) for one in told[1:4]] == [
        ("ops", "asked the WMS team"), ("lead", None), ("ops", "count tonight"),
    ]  # fmt: skip
    assert told[3].until == NOW + 6 * HOUR
    assert [(one.severity, one.failing) for one in (told[0], told[5], told[6])] == [
        ("warning", 3), ("warning", 5), ("error", 5),
    ]  # fmt: skip
    assert {one.by for one in told if one.kind in ("opened", "resolved", "worsened")} == {None}


def test_what_stands_in_the_history_is_never_changed_again(life: Life) -> None:
    life.found(NOW)
    before = life.rows()
    for number, who in enumerate(("ops", "lead", "ops")):
        life.taken(NOW + number * HOUR, lambda one, who=who: acknowledged(one, who, f"by {who}"))
        after = life.rows()
        assert after[: len(before)] == before and len(after) == len(before) + 1
        before = after


def test_a_snooze_that_somebody_ends_ends_once_and_one_that_ran_out_is_told_at_once(
    life: Life,
) -> None:
    life.found(NOW)
    life.taken(NOW + HOUR, lambda one: snoozed(one, "ops", NOW + 9 * HOUR, None))
    life.taken(NOW + 2 * HOUR, lambda one: snoozed(one, "lead", NOW + 2 * HOUR, None))
    life.found(NOW + 3 * HOUR)
    told = life.history()
    assert kinds(told) == [("opened", 0), ("snoozed", 1), ("snooze ended", 2)]
    assert told[-1].by == "lead"
    life.taken(NOW + 4 * HOUR, lambda one: snoozed(one, "ops", NOW + 5 * HOUR, None))
    assert kinds(life.history(NOW + 4 * HOUR))[-1] == ("snoozed", 4)
    assert kinds(life.history(NOW + 6 * HOUR))[-1] == ("snooze ended", 5), "nobody has judged yet"
    life.found(NOW + 7 * HOUR)
    assert kinds(life.history())[-1] == ("snooze ended", 5)


def test_a_warning_that_worsens_ends_its_snooze(life: Life) -> None:
    life.found(NOW, severity="warning")
    life.taken(NOW, lambda one: snoozed(one, "ops", NOW + 9 * HOUR, None))
    life.found(NOW + HOUR)
    assert kinds(life.history())[-2:] == [("worsened", 1), ("snooze ended", 1)]


def test_what_was_acknowledged_as_a_warning_is_reopened_as_an_error(life: Life) -> None:
    life.found(NOW, severity="warning")
    life.taken(NOW, lambda one: acknowledged(one, "ops", None))
    life.found(NOW + HOUR)
    assert kinds(life.history())[-2:] == [("worsened", 1), ("reopened", 1)]


def test_a_rule_that_is_gone_is_why_it_ended(life: Life) -> None:
    life.found(NOW)
    life.change(NOW + HOUR, lambda standing: judged(standing, "sources", [], NOW + HOUR))
    assert life.history()[-1].note == "no contract that is judged has this rule now"


def test_of_a_step_each_new_message_is_kept_wherever_it_failed(life: Life) -> None:
    def ran(job: str, message: str, hours: int) -> None:
        now = NOW + hours * HOUR

        def changes(standing: list[Incident]) -> list[Change]:
            return incidents.ran(
                standing, job, {"pull_wms": message}, (), now, lambda _: ("a", "b")
            )

        life.change(now, changes)

    ran("run", "no answer", 0)
    ran("pull", "no answer", 1)
    ran("pull", "wrong password", 2)
    assert [(one.kind, one.note) for one in life.history()] == [
        ("opened", "no answer"), ("changed", "wrong password"),
    ]  # fmt: skip


def test_the_time_of_the_data_stands_beside_where_it_is_another(tmp_path: Path) -> None:
    simulated = Life(tmp_path, now=NOW - 100 * HOUR)
    simulated.found(NOW)
    assert [one.clock_at for one in simulated.history()] == [NOW - 100 * HOUR]


def test_an_incident_older_than_its_history_tells_what_is_known_of_it(life: Life) -> None:
    life.found(NOW)
    life.taken(NOW + HOUR, lambda one: acknowledged(one, "ops", "at it"))
    life.found(NOW + 2 * HOUR, "passed")
    with life.hub.lake.lock(), life.hub.lake.connect() as con:
        con.execute(f"drop table {incident_store.HISTORY}")
    assert kinds(life.history()) == [("opened", 0), ("resolved", 2)]


def test_a_cause_that_breaks_again_names_what_it_was_before(life: Life) -> None:
    life.found(NOW)
    life.found(NOW + HOUR, "passed")
    life.found(NOW + 2 * HOUR)
    with life.hub.lake.connect(read_only=True) as con:
        first, again = incident_store.listed(con)
        assert incident_store.before(con, again) == [first]
        assert incident_store.before(con, first) == []


DOINGS = st.lists(st.sampled_from(["found", "worse", "held", "ack", "snooze", "end", "wait"]))


@given(DOINGS)
def test_whatever_happens_the_history_ends_where_the_incident_stands(doings: list[str]) -> None:
    now, kept = NOW, []
    (opened,) = judged([], "sources", [row(severity="warning")], now)
    one = opened.incident
    kept += happened(None, one, now)
    for doing in doings:
        now += HOUR
        was = one
        match doing:
            case "found" | "worse":
                severity = "error" if doing == "worse" else was.severity
                (change,) = judged([one], "sources", [row(severity=severity)], now)
                one = change.incident
            case "held":
                (change,) = judged([one], "sources", [row("passed")], now)
                one = change.incident
            case "ack":
                one = acknowledged(one, "ops", None)
            case "snooze":
                one = snoozed(one, "ops", now + 2 * HOUR, None)
            case "end":
                one = snoozed(one, "ops", now, None) if one.status == "snoozed" else one
        kept += happened(was, one, now)
        if one.status == "resolved":
            break
    told = whole(kept, one, now)
    assert told[0].kind == "opened" and [it.happened_at for it in told] == sorted(
        it.happened_at for it in told
    )
    ended = {"acknowledged": "acknowledged", "snoozed": "snoozed", "resolved": "resolved"}
    last = [it.kind for it in told if it.kind not in ("changed", "worsened", "eased")][-1]
    is_over = one.snoozed_until is not None and one.snoozed_until <= now
    expected = "snooze ended" if is_over else ended.get(one.status)
    assert last in ({expected} if expected else {"opened", "snooze ended", "reopened"})
