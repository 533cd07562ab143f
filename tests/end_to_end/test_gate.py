"""A release that passed lets decisions start; a broken contract stops them, and says why."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from orchestration import deciding, judging
from orchestration.hub import Hub

pytestmark = pytest.mark.slow  # four runs of the hub

QUERY = "select count(*) as orders from canonical.sales_order"


@pytest.fixture(scope="module")
def released(hub_on: Callable[..., Any]) -> Iterator[Any]:
    """A hub after one good run."""
    with hub_on(seed=3, orders=150, days=4, products=60) as hub:
        hub.first_account = hub.do("run")
        yield hub


def test_a_run_tells_what_was_pulled_judged_released_and_decided(released: Any) -> None:
    for word in (
        "Pulled",
        "quarantined",
        "decisions: ",
        "rules passed on 56 tables of 56 contracts",
        "Release r2026",
        "source_orders",
        "reasons:",
    ):
        assert word in released.first_account
    release = released.releases.current()
    assert release is not None and release.aged is None
    decided_on = released.rows("select distinct release_id from lake.decisions.decision_run")
    assert decided_on == [(release.release_id,)]
    assert released.rows("select count(*) from lake.decisions.decision")[0][0] > 0


def test_a_recorded_run_decides_the_same_bytes_again(released: Any) -> None:
    (run_uid,) = released.rows("select run_uid from lake.decisions.decision_run limit 1")[0]
    assert "the same bytes" in released.do("decide", "replay", run_uid)
    assert "is no decision run" in released.do("decide", "replay", "nope", code=1)


def test_a_run_says_how_old_its_feeds_were_and_what_its_release_gave_again(released: Any) -> None:
    feeds = released.rows("select feed, read_at - marked_at from lake.decisions.feed_read")
    assert {"erp.sales_orders.updated_at", "steward"} <= {feed for feed, _ in feeds}
    assert all(age < timedelta(hours=26) for feed, age in feeds if "." in feed)
    apart = "select * from lake.decisions.decision_run anti join lake.decisions.replay"
    assert released.rows(f"{apart} using (run_uid, digest)") == []


# sqlglot imports sqlglotrs where some package brings it, which says that it is deprecated:
# https://github.com/tobymao/sqlglot/tree/main/sqlglotrs
@pytest.mark.filterwarnings("ignore:sqlglotrs is deprecated:DeprecationWarning")
def test_decisions_that_are_changed_afterwards_break_their_contract(
    released: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in released.environment.items():
        monkeypatch.setenv(name, value)
    changed = "update lake.decisions.decision set summary = "
    (run,) = released.rows(
        "select run_uid from lake.decisions.decision_run where job = 'source_orders'"
    )[0]
    released.write(f"{changed} summary || ' and more'")
    assert "The bytes differ" in released.do("decide", "replay", run, code=1)
    broken = judging.judge(Hub.open(), "decisions").blocking
    assert [verdict.rule for verdict in broken] == ["decision_run.reproduces_from_its_release"]
    assert released.releases.current().aged is None, "the release itself is sound"
    released.write(f"{changed} replace(summary, ' and more', '')")
    assert "the same bytes" in released.do("decide", "replay", run)
    assert judging.judge(Hub.open(), "decisions").blocking == ()


def test_what_a_release_does_not_give_again_is_not_recorded(
    released: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in released.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(deciding.decisions, "replay", lambda *_: SimpleNamespace(digest="other"))
    runs = released.rows("select * from lake.decisions.replay")
    with pytest.raises(deciding.RunError, match="not a pure function"):
        deciding.decide(Hub.open(), "source_orders")
    assert released.rows("select * from lake.decisions.replay") == runs


def test_a_decision_is_shown_with_its_options_and_an_unknown_order_is_an_error(
    released: Any,
) -> None:
    (order,) = released.rows(
        "select subject_label from lake.decisions.decision "
        "where subject_type = 'sales_order' order by all limit 1"
    )[0]
    assert order in released.do("decide", "show", order)
    assert "Traceback" not in released.do("decide", "show", "SO-none", code=1)


def test_sql_shows_no_raw_tables_and_says_why_a_query_fails(released: Any) -> None:
    for hidden in ("erp.partners", "hub.quarantine", "decisions.action_outbox"):
        assert "does not exist" in released.do("sql", f"select * from {hidden}", code=1)
    assert "Traceback" not in released.do("sql", "selct 1", code=1)
    assert "no sound release" in released.do("sql", "select 1", "--release", "r1", code=1)


def test_no_decision_starts_on_a_release_whose_sources_are_older_than_their_sla(
    released: Any,
) -> None:
    later = released.estate.now + timedelta(hours=60)
    released.extra = {"CROSSDOCK_NOW": later.isoformat()}
    refused = released.do("decide", code=1)
    released.extra = {}
    assert "is stale" in refused and "its SLA allows" in refused and "Ask " in refused


def test_a_breach_keeps_the_last_release_stops_every_decision_and_heals(released: Any) -> None:
    good = released.releases.current()
    sourced = "select * from lake.decisions.decision_run where job = 'source_orders'"
    runs = len(released.rows(sourced))
    released.estate.advance()
    released.estate.inject("case_flip")
    printed = released.do("run", code=1)
    for word in ("wms.stock.qty", "wms-operations", "position_equals_movements", "Ask"):
        assert word in printed, f"the message does not say {word}"
    aged = released.releases.current()
    assert aged.release_id == good.release_id and aged.aged is not None
    refused = released.do("decide", code=1)
    assert "position_equals_movements" in refused, "the gate holds across runs"
    assert "may not start" in released.do("status")
    assert "wms.stock.qty: " in released.do("gate", "source_orders", code=1)
    assert "partial" in released.do("release", "list")
    asked = released.do("sql", QUERY, "--format", "csv")
    assert asked == released.do("sql", QUERY, "--format", "csv", "--release", good.release_id)
    assert len(released.rows(sourced)) == runs

    released.estate.clear()
    before, answers, after = _asked_while(released, "run")
    assert before != after, "the days brought no order: nothing is tested"
    assert before in answers and set(answers) <= {before, after}, "a reader saw half a release"
    healed = released.releases.current()
    assert healed.release_id != good.release_id and healed.aged is None
    assert len(released.rows(sourced)) == runs + 1
    waiting = released.rows(
        "select run_uid from lake.decisions.action_outbox where status <> 'superseded'"
    )
    assert len(set(waiting)) == 1, "only the newest run's proposals stand"


def _asked_while(hub: Any, command: str) -> tuple[str, list[str], str]:
    """Query the release before, while and after a command runs."""
    before = hub.do("sql", QUERY, "--format", "csv")
    process, answers = hub.start(command), []
    while process.poll() is None:
        answers.append(hub.do("sql", QUERY, "--format", "csv"))
        time.sleep(5)
    printed, _ = process.communicate()
    assert process.returncode == 0, printed[-4000:]
    return before, answers, hub.do("sql", QUERY, "--format", "csv")
