"""People hear of what is stopped and of what waits for them, once, and of its end."""

from orchestration import incident_store, telling
from orchestration.acting import breakers
from orchestration.acting.checkpoints import answer
from orchestration.acting.policies import policies
from orchestration.incidents import Incident
from tests.orchestration.acting.acting_hub import ActingHub


def standing(small: ActingHub) -> dict[str, Incident]:
    with small.hub.lake.connect(read_only=True) as con:
        return {one.rule: one for one in incident_store.standing(con)}


def test_what_waits_for_a_person_is_an_incident_until_it_is_answered(small: ActingHub) -> None:
    small.send()
    one = standing(small)["fill"]
    assert (one.dataset, one.severity, one.channel) == (
        "checkpoint",
        "warning",
        "#order-management",
    )
    assert one.message == (
        "One decision waits for a person. The first, of A-03, expires at 2026-03-12 04:00 UTC; "
        "what counts as said then: reject."
    )
    (asked,) = small.asked()
    answer(small.hub, asked.checkpoint_uid, "approve", by="Ada", reason="fine")
    small.send()
    assert standing(small) == {}


def test_an_open_breaker_is_one_incident_until_it_is_closed(small: ActingHub) -> None:
    terms = policies(small.hub.settings)
    breakers.turn(small.hub, terms, "node:N1", is_open=True, by="Ada", reason="power cut")
    small.send()
    small.send()
    one = standing(small)["node:N1"]
    assert (one.severity, one.times) == ("error", 1)
    assert "Ada: power cut. Nothing is sent through it." in one.message
    assert telling.alert(small.hub, one, "a", "opened", one.since).title == "node:N1 is stopped"
    assert telling.blocked(small.hub, one) == ("what is sent through node:N1",)
    breakers.turn(small.hub, terms, "node:N1", is_open=False, by="Ada", reason="back")
    small.send()
    assert "node:N1" not in standing(small)
