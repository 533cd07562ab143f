"""A release that passed lets decisions start; a broken contract stops them, and says why."""

import threading
from collections.abc import Callable
from typing import Any


def test_a_run_publishes_decides_and_replays_and_a_breach_stops_everything(
    hub_on: Callable[..., Any],
) -> None:
    with hub_on(seed=3, orders=150, days=4, products=60) as hub:
        printed = hub.do("run")
        assert "quarantined" in printed and "passed" in printed
        first = hub.releases.current()
        assert first is not None and first.aged is None
        runs = hub.rows("select run_uid, release_id from lake.decisions.decision_run")
        assert [release for _, release in runs] == [first.release_id]
        assert hub.rows("select count(*) from lake.decisions.decision")[0][0] > 0
        assert "the same bytes" in hub.do("decide", "replay", runs[0][0])

        hub.estate.advance()
        hub.estate.inject("case_flip")
        printed = hub.do("run", code=1)
        for word in ("wms.stock.qty", "wms-operations", "position_equals_movements", "Ask"):
            assert word in printed, f"the message does not say {word}"
        aged = hub.releases.current()
        assert aged.release_id == first.release_id
        assert aged.aged is not None
        assert len(hub.rows("select * from lake.decisions.decision_run")) == 1
        assert "aged" in hub.do("decide", code=1), "the gate holds across runs"
        assert "may not start" in hub.do("status")

        hub.estate.clear()
        hub.do("run")
        healed = hub.releases.current()
        assert healed.release_id != first.release_id and healed.aged is None
        assert len(hub.rows("select * from lake.decisions.decision_run")) == 2


def test_sql_answers_from_the_release_while_a_load_runs(hub_on: Callable[..., Any]) -> None:
    with hub_on(seed=4, orders=100, days=3, products=50) as hub:
        hub.do("run")
        query = "select count(*) as orders from canonical.sales_order"
        before = hub.do("sql", query, "--format", "csv")
        hub.estate.advance()
        load = threading.Thread(target=hub.do, args=("run",))
        load.start()
        answers = set()
        while load.is_alive():
            answers.add(hub.do("sql", query, "--format", "csv"))
        load.join()
        after = hub.do("sql", query, "--format", "csv")
        assert before != after, "the day brought no order: nothing is tested"
        assert answers <= {before, after}


def test_sql_shows_no_raw_tables_and_says_why_a_query_fails(hub_on: Callable[..., Any]) -> None:
    with hub_on(seed=4, orders=80, days=4, products=40) as hub:
        assert "no release" in hub.do("sql", "select 1", code=1)
        hub.do("run")
        for secret in ("erp.partners", "hub.quarantine", "decisions.action_outbox"):
            assert "does not exist" in hub.do("sql", f"select * from {secret}", code=1)
        assert "Traceback" not in hub.do("sql", "selct 1", code=1)
