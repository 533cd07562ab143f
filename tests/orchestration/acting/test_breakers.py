"""What stops sending, and what lets it go on."""

import pytest

from decisions import Action
from orchestration.acting import breakers
from orchestration.acting.checkpoints import answer
from orchestration.acting.policies import policies
from tests.orchestration.acting.acting_hub import ActingHub


def test_a_system_that_fails_is_left_alone_then_probed_then_trusted(
    small: ActingHub,
) -> None:
    small.receiver.mood = "busy"
    for _ in range(2):
        small.send()
        small.pass_time(0.1)
    state, reason = small.breaker("system:wms")
    assert (state, reason) == ("open", "4 of the last 4 failed, the last: HTTP 503 no_stock")
    small.receiver.mood = "accept"
    assert small.send() == []
    assert "breaker of system:wms is open" in small.outbox("sending")[0]["waits_for"]
    small.pass_time(1)
    assert len(small.send()) == 2
    assert len(small.receiver.requests) == 6
    assert small.breaker("system:wms")[0] == "closed"


def test_a_failed_probe_opens_it_again(small: ActingHub) -> None:
    small.receiver.mood = "busy"
    for _ in range(2):
        small.send()
        small.pass_time(0.1)
    small.pass_time(1)
    assert len(small.send()) == 1, "one probe at a time"
    assert small.breaker("system:wms") == ("open", "a probe failed: HTTP 503 no_stock")


def test_a_person_stops_and_frees_a_node(small: ActingHub) -> None:
    terms = policies(small.hub.settings)
    breakers.turn(small.hub, terms, "node:N1", is_open=True, by="Ada", reason="power cut")
    assert small.send() == []
    assert small.receiver.requests == []
    breakers.turn(small.hub, terms, "node:N1", is_open=False, by="Ada", reason="back")
    assert len(small.send()) == 2


def test_costs_beyond_what_is_usual_stop_the_job_before_anything_is_sent(
    small: ActingHub,
) -> None:
    for day in range(10):
        small.want("A-02", 10 + day)
        small.decide()
    small.want("A-01", 900)
    small.decide()
    assert small.send() == []
    assert "95th percentile of the 11 runs before" in small.breaker("job:fill")[1]


def test_a_job_that_can_go_round_is_told_what_is_stopped(small: ActingHub) -> None:
    terms = policies(small.hub.settings)
    breakers.turn(small.hub, terms, "node:N1", is_open=True, by="Ada", reason="power cut")
    small.decide()
    ((policy,),) = small.rows(
        "select policy from lake.decisions.decision_run where policy like '%N1%'"
    )
    assert policy == '{"stopped":["node:N1"]}'


def test_a_job_may_open_a_breaker_and_a_person_s_word_stands_against_the_same_alarm(
    small: ActingHub,
) -> None:
    asked = {"scope": "carrier:UPS", "reason": "late rate has risen"}
    small.saga = (Action("breakers", "open_breaker", asked | {"sku": "none"}, "UPS day 1"),)
    small.want("A-01", 4)
    small.decide()
    small.send()
    small.send()
    assert small.breaker("carrier:UPS") == ("open", "late rate has risen")
    terms = policies(small.hub.settings)
    breakers.turn(small.hub, terms, "carrier:UPS", is_open=False, by="Ada", reason="storm is over")
    small.want("A-01", 5)
    small.decide()
    small.send()
    assert small.breaker("carrier:UPS")[0] == "closed"


def test_what_a_person_opened_stays_open_until_a_person_closes_it(small: ActingHub) -> None:
    terms = policies(small.hub.settings)
    breakers.turn(small.hub, terms, "node:N1", is_open=True, by="Ada", reason="power cut")
    small.pass_time(100)
    small.decide()
    assert small.send() == []
    assert small.breaker("node:N1") == ("open", "Ada: power cut")


def test_a_person_may_hold_what_opened_by_itself(small: ActingHub) -> None:
    small.receiver.mood = "busy"
    for _ in range(2):
        small.send()
        small.pass_time(0.1)
    terms = policies(small.hub.settings)
    said = {"is_open": True, "by": "Ada", "reason": "they are down"}
    breakers.turn(small.hub, terms, "system:wms", **said)
    small.pass_time(5)
    assert small.send() == [], "it is not probed"
    with pytest.raises(breakers.BreakerError, match="is open already"):
        breakers.turn(small.hub, terms, "system:wms", **said)


def test_a_source_that_a_person_stopped_stops_what_stands_on_it(small: ActingHub) -> None:
    terms = policies(small.hub.settings)
    said = {"is_open": True, "by": "Ada", "reason": "its stock is wrong"}
    breakers.turn(small.hub, terms, "source:erp", **said)
    assert len(small.send()) == 2, "the job does not stand on it"
    small.stands_on = {"wms.stock", "canonical.inventory"}
    breakers.turn(small.hub, terms, "source:wms", **said)
    small.want("A-01", 7)
    small.decide()
    assert small.send() == []
    assert "breaker of source:wms is open" in small.outbox("proposed")[0]["waits_for"]


def test_a_scope_that_there_is_not_is_refused(small: ActingHub) -> None:
    terms = policies(small.hub.settings)
    said = {"is_open": True, "by": "Ada", "reason": "x"}
    with pytest.raises(breakers.BreakerError, match=r"There is no job 'fil'\. There are: fill"):
        breakers.turn(small.hub, terms, "job:fil", **said)
    with pytest.raises(breakers.BreakerError, match=r"is no scope\. Scopes: job:NAME"):
        breakers.turn(small.hub, terms, "nod:N1", **said)


def test_answers_from_before_somebody_freed_the_job_do_not_stop_it_again(
    small: ActingHub,
) -> None:
    for qty in range(11, 16):
        small.want("A-03", qty)
        small.decide()
        (asked,) = small.asked()
        answer(small.hub, asked.checkpoint_uid, "reject", by="Ada", reason="no")
    small.want("A-03", 16)
    small.decide()
    assert "people rejected 5 of the last 5" in small.breaker("job:fill")[1]
    terms = policies(small.hub.settings)
    breakers.turn(small.hub, terms, "job:fill", is_open=False, by="Ada", reason="all were right")
    small.want("A-03", 17)
    small.decide()
    assert small.breaker("job:fill")[0] == "closed"
