"""What is sent, once, and what is not: over a real HTTP receiver."""

import pytest

from decisions import Action
from decisions.record import digest_of
from orchestration import deciding
from orchestration.acting.checkpoint import hash_of_decision
from orchestration.acting.checkpoints import answer
from tests.orchestration.acting.acting_hub import ActingHub
from tests.orchestration.killing import Killed


def test_what_was_decided_is_sent_once_and_what_is_held_is_not(small: ActingHub) -> None:
    small.send()
    assert small.statuses() == {"A-01": "accepted", "A-02": "accepted", "A-03": "held"}
    assert small.send() == []
    assert len(small.receiver.requests) == 2
    key, headers, body = small.receiver.requests[0]
    assert headers["Idempotency-Key"] == key
    assert body["payload"] == {"qty": 1, "shipment_no": "S-A-01-1", "sku": "A-01"}
    assert (body["id"], body["verb"], set(body)) == (key, "ship", {"id", "verb", "payload"})
    assert headers["Crossdock-Release"] == "r0001"
    assert {row["reference"] for row in small.outbox("accepted")} == {"RQ-1", "RQ-2"}


def test_the_same_run_again_sends_nothing_again(small: ActingHub) -> None:
    small.send()
    small.decide()
    assert small.send() == []
    assert small.statuses() == {"A-01": "accepted", "A-02": "accepted", "A-03": "held"}


def test_unchanged_demand_on_the_next_release_is_a_duplicate(small: ActingHub) -> None:
    small.send()
    small.want("A-02", 3)
    small.decide()
    small.send()
    sent = [body["payload"]["sku"] for _, _, body in small.receiver.requests]
    assert sorted(sent) == ["A-01", "A-02"], "of A-02 more was claimed than there is"
    assert small.statuses()["A-01"] == "duplicate"
    (conflict,) = small.outbox("conflict")
    assert "stock/A-02: 3 wanted, 1 left of 3" in conflict["last_error"]


def test_what_was_claimed_and_never_shown_comes_back(small: ActingHub) -> None:
    small.send()
    small.pass_time(25)
    small.want("A-02", 3)
    small.decide()
    small.send()
    assert small.statuses()["A-02"] == "accepted"


@pytest.mark.parametrize("mood", ["busy", "cut", "moved", "locked"])
def test_what_may_have_been_taken_is_sent_again_under_its_key(small: ActingHub, mood: str) -> None:
    small.receiver.moods = [mood, mood]  # type: ignore[list-item]
    small.send()
    waiting = small.outbox("sending")
    assert len(waiting) == 2
    assert all(row["last_error"] for row in waiting)
    assert small.send() == [], "not before it is time"
    small.pass_time(0.1)
    assert [one.answer.outcome for one in small.send()] == ["accepted", "accepted"]
    assert len(small.receiver.taken) == 2
    assert len(small.receiver.requests) == 4
    assert all(len(bodies) == 1 for bodies in small.receiver.bodies.values())


def test_the_receiver_says_how_long_to_wait(small: ActingHub) -> None:
    small.receiver.moods = ["busy"]
    small.send()
    (row,) = small.outbox("sending")
    assert (row["next_at"] - small.now).total_seconds() == 7


def test_a_refusal_is_final_and_gives_back_what_was_claimed(small: ActingHub) -> None:
    small.receiver.moods = ["refuse"]
    small.send()
    (refused,) = small.outbox("refused")
    assert refused["last_error"] == "HTTP 409 no_stock"
    claimed = small.rows("select resource, status from lake.decisions.claim order by 1")
    assert ("stock/A-01", "returned") in claimed or ("stock/A-02", "returned") in claimed
    small.pass_time(10)
    assert small.send() == []


def test_a_closed_gate_stops_what_was_decided_before(small: ActingHub) -> None:
    small.closed = "Source wms is stale."
    assert small.send() == []
    assert small.receiver.requests == []
    assert {row["waits_for"] for row in small.outbox("proposed")} == {"Source wms is stale."}
    small.closed = ""
    assert len(small.send()) == 2
    assert {row["waits_for"] for row in small.outbox("accepted")} == {None}


def test_decisions_that_break_their_contract_are_not_sent(small: ActingHub) -> None:
    small.broken = "decision.knows_its_feeds: 1 row."
    assert small.send() == []
    assert "decision.knows_its_feeds" in small.outbox("proposed")[0]["waits_for"]


def test_a_newer_release_stops_what_was_decided_on_an_older_one(small: ActingHub) -> None:
    small.want("A-01", 4)
    assert small.send() == []
    assert "`crossdock decide` decides anew." in small.outbox("proposed")[0]["waits_for"]
    small.decide()
    assert len(small.send()) == 2


def test_what_a_release_shows_is_not_claimed_any_more(small: ActingHub) -> None:
    small.send()
    small.shown = ["S-A-02-2"]
    small.want("A-02", 3)
    small.decide()
    small.send()
    assert small.statuses()["A-02"] == "accepted"


def test_bytes_that_were_altered_are_never_sent_and_stop_the_job(small: ActingHub) -> None:
    small.alter(
        "update lake.decisions.action_outbox set payload = replace(payload, '1', '9') "
        "where payload like '%A-01%'"
    )
    small.send()
    assert small.receiver.requests == []
    assert small.breaker("job:fill")[0] == "open"


def test_a_system_that_is_not_set_gets_nothing_and_says_so(
    small: ActingHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small.hub.settings.systems
    path.write_text("systems: {wms: {webhook: {url: '${NOT_SET_ANYWHERE}'}}}")
    assert small.send() == []
    assert "NOT_SET_ANYWHERE" in small.outbox("proposed")[0]["waits_for"]


def test_what_was_given_up_may_be_tried_again_with_what_it_had_claimed(small: ActingHub) -> None:
    path = small.hub.settings.policies
    path.write_text(path.read_text().replace("reserve_for: P1D", "reserve_for: P9D"))
    small.receiver.mood = "busy"
    small.send()
    small.pass_time(50)
    small.send()
    assert {row["status"] for row in small.outbox("failed", "sending")} == {"failed"}
    small.receiver.mood = "accept"
    small.pass_time(1.1)  # the system's breaker is probed again
    small.want("A-03", 9)
    small.decide()
    small.send()
    assert small.statuses()["A-01"] == "accepted"
    assert all(len(bodies) == 1 for bodies in small.receiver.bodies.values())


def test_what_was_approved_and_taken_back_is_not_taken_for_altered(small: ActingHub) -> None:
    undo = Action("wms", "reinstate", {"sku": "old"}, "back")
    small.saga = (Action("wms", "cancel", {"sku": "old"}, "off", undo=undo),)
    small.held = {"A-01", "A-03"}
    small.want("A-01", 4)
    small.decide()
    asked = {one.subject: one for one in small.asked()}
    for one in asked.values():
        answer(small.hub, one.checkpoint_uid, "approve", by="Ada", reason="fine")
    small.receiver.moods = ["accept", "accept", "accept", "refuse"]
    for _ in range(3):
        small.send()
    (undone,) = small.outbox("undone")
    with small.hub.lake.connect(read_only=True) as con:
        kept = hash_of_decision(con, undone["decision_uid"], asked["A-01"].keys)
    assert kept == asked["A-01"].payload_hash


def test_what_cannot_be_finished_is_taken_back_once(small: ActingHub) -> None:
    undo = Action("wms", "reinstate", {"sku": "old"}, "back")
    small.saga = (Action("wms", "cancel", {"sku": "old"}, "off", undo=undo),)
    small.want("A-01", 4)
    small.decide()
    small.receiver.moods = ["accept", "accept", "refuse"]
    for _ in range(3):
        small.send()
    verbs = [body["verb"] for _, _, body in small.receiver.requests]
    assert sorted(verbs) == ["cancel", "reinstate", "ship", "ship"]
    assert verbs.index("cancel") < verbs.index("reinstate")
    (undone,) = small.outbox("undone")
    (back,) = [row for row in small.outbox("accepted") if row["compensates"]]
    assert back["compensates"] == undone["action_uid"]
    kept = deciding.recorded(small.hub)
    assert digest_of(kept) == kept.digest, "what was taken back is not of the run"


def test_what_comes_first_is_accepted_before_the_rest_is_sent(small: ActingHub) -> None:
    small.saga = (Action("wms", "cancel", {"sku": "old"}, "off"),)
    small.want("A-01", 4)
    small.decide()
    small.receiver.mood = "busy"
    small.send()
    assert "ship" not in [
        b["verb"] for _, _, b in small.receiver.requests if b["payload"].get("qty") == 4
    ]
    small.receiver.mood = "accept"
    small.pass_time(0.1)
    small.send()
    small.send()
    assert small.statuses()["A-01"] == "accepted"


@pytest.mark.parametrize("commit", range(3))
@pytest.mark.parametrize("is_after", [False, True])
def test_a_kill_at_any_commit_and_another_try_leave_each_action_taken_once(
    small: ActingHub, commit: int, is_after: bool
) -> None:
    small.kill.at(commit, is_after=is_after)
    try:
        small.send()
    except Killed:
        small.kill.spare()
    small.send()
    small.kill.spare()
    assert small.statuses() == {"A-01": "accepted", "A-02": "accepted", "A-03": "held"}
    assert len(small.receiver.taken) == 2
    assert all(len(bodies) == 1 for bodies in small.receiver.bodies.values())
