"""What sourcing decides, order by order."""

import io
import json
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

import decisions
from decisions import DecisionError, RunResult


def _decision(result: RunResult, no: str) -> dict[str, Any]:
    return next(d for d in result.decision.to_pylist() if d["subject_label"] == no)


def _options(result: RunResult, no: str) -> list[dict[str, Any]]:
    uid = _decision(result, no)["decision_uid"]
    found = [o for o in result.decision_option.to_pylist() if o["decision_uid"] == uid]
    return sorted(found, key=lambda option: option["rank"])


def _why(result: RunResult, no: str, label: str) -> str:
    return next(str(o["eliminated_reason"]) for o in _options(result, no) if o["label"] == label)


def _shipped(result: RunResult, no: str) -> dict[str, dict[str, str]]:
    plan = json.loads(_options(result, no)[0]["plan"])
    return {
        s["node_code"]: {line["sku"]: line["qty"] for line in s["lines"]} for s in plan["shipments"]
    }


def test_an_order_ships_from_the_cheapest_node_by_the_cheapest_service(world: Any) -> None:
    world.order("SO-1", "US-4", ("AA-1", 2), ("AA-2", 3))
    result = world.run()
    best = _options(result, "SO-1")[0]
    assert best["label"] == "CMH by UPS Ground"
    # 5 + 2.5 kg x 1 freight; 1.50 a shipment and 5 x 0.30 handling
    assert best["cost"] == Decimal("10.5000")
    assert json.loads(best["cost_parts"])["freight"] == "7.5000"
    assert _decision(result, "SO-1")["autonomy"] == "auto"


def test_cost_parts_sum_to_the_cost_of_every_option(world: Any) -> None:
    for n in range(8):
        world.order(f"SO-{n}", "US-4", ("AA-1", 3), ("AA-2", 4))
    for option in world.run().decision_option.to_pylist():
        if option["cost"] is not None:
            parts = json.loads(option["cost_parts"]).values()
            assert sum(map(Decimal, parts)) == option["cost"]


def test_every_option_that_lost_says_why(world: Any) -> None:
    world.node("DFW", "US-7", status="closed")
    world.node("SEA", "US-9")
    world.order("SO-1", "US-4", ("AA-1", 2))
    result = world.run()
    assert _why(result, "SO-1", "DFW") == "node closed"
    assert _why(result, "SO-1", "SEA") == "no rate from US-9 to US-4"
    assert _why(result, "SO-1", "RNO by UPS Ground") == "dearer by 4.00"
    assert _why(result, "SO-1", "CMH by USPS Priority") == "dearer by 4.00"
    assert all(o["eliminated_reason"] for o in _options(result, "SO-1") if not o["is_chosen"])


def test_other_nodes_are_not_crowded_out_of_the_options_by_other_services(world: Any) -> None:
    for n in range(20):
        world.service(f"UPS S{n:02}")
        world.rate(f"UPS S{n:02}", "US-4", "US-4", "5.10", "1")
    world.order("SO-1", "US-4", ("AA-1", 2))
    options = _options(world.run(), "SO-1")
    assert len(options) == 12
    assert {"ATL by UPS Ground", "RNO by UPS Ground"} < {o["label"] for o in options}


def test_a_node_without_stock_says_of_what(world: Any) -> None:
    world.product("AA-3")
    world.stock("ATL", "AA-3", 1)
    world.order("SO-1", "US-4", ("AA-3", 1))
    result = world.run()
    assert _shipped(result, "SO-1") == {"ATL": {"AA-3": "1"}}
    assert _why(result, "SO-1", "CMH") == "no stock of AA-3"


def test_a_late_service_pays_for_it_and_says_so(world: Any) -> None:
    promised = world.now + timedelta(days=2)
    world.order("SO-1", "US-4", ("AA-1", 1), promised_by=promised)
    result = world.run()
    assert _options(result, "SO-1")[0]["label"] == "CMH by USPS Priority"
    assert _why(result, "SO-1", "CMH by UPS Ground").startswith("late by 2 d")


def test_a_promise_missed_by_little_is_told_and_by_much_waits_for_a_person(world: Any) -> None:
    world.order("SO-1", "US-4", ("AA-1", 1), promised_by=world.now + timedelta(days=1))
    world.order("SO-2", "US-4", ("AA-1", 1), promised_by=world.now - timedelta(days=9))
    result = world.run()
    little, much = _decision(result, "SO-1"), _decision(result, "SO-2")
    assert (little["autonomy"], "promise_missed" in little["reason_codes"]) == ("notify", True)
    assert (much["autonomy"], "promise_cannot_be_met" in much["reason_codes"]) == ("hold", True)


def test_what_no_node_has_goes_on_backorder_with_a_reason(world: Any) -> None:
    world.order("SO-1", "US-4", ("AA-1", 31))
    result = world.run()
    decision = _decision(result, "SO-1")
    assert "no_stock" in decision["reason_codes"]
    assert json.loads(_options(result, "SO-1")[0]["plan"])["backorder"] == [
        {"line_no": 1, "qty": "1", "sku": "AA-1"}
    ]
    assert "1 on backorder" in decision["summary"]


def test_an_order_that_nothing_is_left_for_is_decided_all_the_same(world: Any) -> None:
    world.product("AA-9")
    world.order("SO-1", "US-4", ("AA-9", 1))
    result = world.run()
    assert _decision(result, "SO-1")["reason_codes"] == ["no_stock"]
    assert _options(result, "SO-1")[0]["label"] == "nothing shipped"
    assert result.action_outbox.num_rows == 0


def test_with_every_node_closed_all_stays_open(world: Any) -> None:
    for node in world.rows["node"]:
        node["ops_status"] = "closed"
    world.order("SO-1", "US-4", ("AA-1", 1))
    result = world.run()
    assert _decision(result, "SO-1")["autonomy"] == "notify"
    assert {o["eliminated_reason"] for o in _options(result, "SO-1")[1:]} == {"node closed"}


def test_stock_goes_to_the_urgent_then_to_the_earliest_promise(world: Any) -> None:
    world.product("AA-3")
    world.stock("CMH", "AA-3", 1)
    early, late = (world.now + timedelta(days=d) for d in (4, 6))
    world.order("SO-1", "US-4", ("AA-3", 1), priority=3, promised_by=early)
    world.order("SO-2", "US-4", ("AA-3", 1), priority=1, promised_by=late)
    result = world.run()
    assert _shipped(result, "SO-2") == {"CMH": {"AA-3": "1"}}
    assert _shipped(result, "SO-1") == {}


def test_scarce_stock_is_left_to_the_order_that_needs_it_more(world: Any) -> None:
    world.product("AA-3")
    world.stock("CMH", "AA-3", 1)
    world.stock("RNO", "AA-3", 1)
    for orig, base in (("US-4", "6"), ("US-8", "6.50")):
        world.rate("UPS Ground", orig, "US-5", base, "1")
    world.order("SO-1", "US-5", ("AA-3", 1), priority=1)  # 0.50 dearer from RNO
    world.order("SO-2", "US-4", ("AA-3", 1))  # 4.00 dearer from RNO
    result = world.run()
    assert list(_shipped(result, "SO-1")) == ["RNO"]
    assert list(_shipped(result, "SO-2")) == ["CMH"]
    plain = world.run(use_stock_value=False)
    assert list(_shipped(plain, "SO-1")) == ["CMH"]


def test_a_product_that_nobody_knows_is_refused(world: Any) -> None:
    world.order("SO-1", "US-4", ("AA-1", 1), ("ZZ-9", 1))
    decision = _decision(world.run(), "SO-1")
    assert (decision["autonomy"], decision["reason_codes"]) == ("refuse", ["identity_unresolved"])
    assert decision["chosen_option_uid"] is None


def test_a_product_without_weight_is_refused(world: Any) -> None:
    world.product("AA-3", gram=None)
    world.order("SO-1", "US-4", ("AA-3", 1))
    assert _decision(world.run(), "SO-1")["reason_codes"] == ["weight_unknown"]


def test_a_zone_without_rates_is_refused_and_takes_no_stock(world: Any) -> None:
    world.order("SO-1", "US-9", ("AA-1", 30), priority=1)
    world.order("SO-2", "US-4", ("AA-1", 10))
    result = world.run()
    assert _decision(result, "SO-1")["reason_codes"] == ["no_rates"]
    assert _shipped(result, "SO-2") == {"CMH": {"AA-1": "10"}}


def test_open_lines_of_an_unknown_order_are_refused_not_forgotten(world: Any) -> None:
    world.line("SO-9", 1, "AA-1", 1)
    assert _decision(world.run(), "ord_SO-9")["reason_codes"] == ["order_missing"]


@pytest.mark.parametrize("status", ["cancelled", "closed", "draft", "on_hold"])
def test_orders_that_are_over_or_not_ready_are_left_alone(world: Any, status: str) -> None:
    world.order("SO-1", "US-4", ("AA-1", 1), status=status)
    assert world.run().decision.num_rows == 0


def test_a_valuable_order_waits_for_a_person_and_keeps_its_stock(world: Any) -> None:
    world.order("SO-1", "US-4", ("AA-1", 10), total=Decimal(9000), priority=1)
    world.order("SO-2", "US-4", ("AA-1", 10))
    result = world.run()
    assert "order_value" in _decision(result, "SO-1")["reason_codes"]
    assert not _shipped(result, "SO-2").keys() & _shipped(result, "SO-1").keys()
    status = {a["status"] for a in result.action_outbox.to_pylist() if "SO-1" in a["payload"]}
    assert status == {"held"}


def test_more_shipments_than_policy_wait_for_a_person(world: Any) -> None:
    world.order("SO-1", "US-4", ("AA-1", 15))
    decision = _decision(world.run(hold_above_shipments=1), "SO-1")
    assert "too_many_shipments" in decision["reason_codes"]


def test_the_greedy_plan_steps_in_when_the_search_runs_out_of_budget(world: Any) -> None:
    world.order("SO-1", "US-4", ("AA-1", 15))
    result = world.run(max_plans=0, use_stock_value=False)
    assert "fallback_greedy" in _decision(result, "SO-1")["reason_codes"]
    assert _shipped(result, "SO-1") == {"CMH": {"AA-1": "10"}, "ATL": {"AA-1": "5"}}


def test_a_release_is_proposed_to_the_system_that_runs_the_node(world: Any) -> None:
    world.product("AA-3")
    world.stock("ATL", "AA-3", 2)
    world.order("SO-1", "US-4", ("AA-1", 1))
    world.order("SO-2", "US-4", ("AA-3", 2))
    actions = {json.loads(a["payload"])["order_no"]: a for a in
               world.run().action_outbox.to_pylist()}  # fmt: skip
    assert actions["SO-1"]["target_system"] == "wms"
    assert actions["SO-2"]["target_system"] == "threepl"
    assert actions["SO-2"]["status"] == "proposed"
    assert json.loads(actions["SO-2"]["payload"])["lines"] == [
        {"line_no": 1, "qty": "2", "sku": "AA-3"}
    ]


def test_what_is_stopped_gets_nothing_and_the_rest_goes_on(world: Any) -> None:
    world.order("SO-1", "US-4", ("AA-1", 1))
    assert "CMH by UPS Ground" in world.run().decision["summary"][0].as_py()
    result = world.run(stopped=("node:CMH",))
    assert _why(result, "SO-1", "CMH") == "node stopped by its breaker"
    assert "by UPS Ground" in result.decision["summary"][0].as_py()
    slower = world.run(stopped=("carrier:UPS",))
    assert "CMH by USPS Priority" in slower.decision["summary"][0].as_py()


def test_unchanged_demand_has_the_same_idempotency_key_on_the_next_release(world: Any) -> None:
    world.order("SO-1", "US-4", ("AA-1", 1))
    job, tables = decisions.job("source_orders"), world.tables()
    keys = {
        decisions.run(job, tables, release_id=release, now=world.now, code_version="c")
        .action_outbox["idempotency_key"][0]
        .as_py()
        for release in ("r1", "r2")
    }
    assert len(keys) == 1


def test_two_lines_of_one_product_share_its_stock(world: Any) -> None:
    world.product("AA-3")
    world.stock("CMH", "AA-3", 3)
    world.order("SO-1", "US-4", ("AA-3", 2), ("AA-3", 2))
    plan = json.loads(_options(world.run(), "SO-1")[0]["plan"])
    assert plan["shipments"][0]["lines"] == [
        {"line_no": 1, "qty": "2", "sku": "AA-3"},
        {"line_no": 2, "qty": "1", "sku": "AA-3"},
    ]
    assert plan["backorder"] == [{"line_no": 2, "qty": "1", "sku": "AA-3"}]


def test_explain_shows_the_choice_and_why_the_others_lost(world: Any) -> None:
    world.order("SO-1", "US-4", ("AA-1", 2))
    console = Console(width=160, file=io.StringIO())
    with console.capture() as captured:
        console.print(decisions.explain(world.run(), "SO-1"))
    text = captured.get()
    assert "CMH by UPS Ground" in text
    assert "dearer by 4.00" in text


def test_explain_of_an_order_without_decision_says_so(world: Any) -> None:
    world.order("SO-1", "US-4", ("AA-1", 2))
    with pytest.raises(DecisionError, match=r"decided nothing of 'SO-7'.*SO-1"):
        decisions.explain(world.run(), "SO-7")


def test_no_unit_is_promised_twice(world: Any) -> None:
    for n in range(9):
        world.order(f"SO-{n}", "US-4", ("AA-1", 4), ("AA-2", 3))
    sent: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    result = world.run()
    for n in range(9):
        for node, lines in _shipped(result, f"SO-{n}").items():
            for sku, qty in lines.items():
                sent[node, sku] += Decimal(qty)
    assert sum(q for (_, sku), q in sent.items() if sku == "AA-1") == 30  # 36 wanted
    assert max(sent.values()) <= 10
