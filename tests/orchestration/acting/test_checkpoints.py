"""Where a person is asked: bound to the bytes, asked once, answered for good."""

import json

import pytest

import contracts
from decisions import Action
from orchestration import deciding
from orchestration.acting.checkpoint import CheckpointError
from orchestration.acting.checkpoints import answer
from tests.orchestration.acting.acting_hub import ActingHub


def test_what_is_approved_is_sent_and_the_log_says_by_whom(small: ActingHub) -> None:
    (asked,) = small.asked()
    answer(small.hub, asked.checkpoint_uid[:6], "approve", by="Ada", reason="looked at it")
    small.send()
    assert small.statuses()["A-03"] == "accepted"
    kinds = small.rows(
        "select kind, actor from lake.decisions.audit where about = "
        f"'{asked.checkpoint_uid}' order by sequence"
    )
    assert kinds == [("checkpoint.opened", "policy"), ("checkpoint.approve", "Ada")]
    with small.hub.lake.connect() as con:
        verdicts = contracts.judge(con, small.hub.contracts("decisions"), now=small.now)
    # Its feeds were not looked at, as its gate is not the real one.
    assert {v.rule for v in verdicts if v.status != "passed"} == {"decision_run.knows_its_feeds"}


def test_what_is_rejected_is_not_sent_nor_when_it_is_decided_again(
    small: ActingHub,
) -> None:
    (asked,) = small.asked()
    answer(small.hub, asked.checkpoint_uid, "reject", by="Ada", reason="not now")
    small.want("A-01", 5)
    small.decide()
    small.send()
    assert small.statuses()["A-03"] == "rejected"
    assert small.asked() == []


def test_an_answer_is_to_these_bytes_and_carries_over_to_no_others(
    small: ActingHub,
) -> None:
    (asked,) = small.asked()
    answer(small.hub, asked.checkpoint_uid, "approve", by="Ada", reason="fine")
    small.want("A-03", 5)
    small.decide()
    small.send()
    assert small.statuses()["A-03"] == "held"
    (again,) = small.asked()
    assert again.checkpoint_uid != asked.checkpoint_uid


def test_an_approval_before_the_next_run_is_kept_by_it(small: ActingHub) -> None:
    (asked,) = small.asked()
    answer(small.hub, asked.checkpoint_uid, "approve", by="Ada", reason="fine")
    small.want("A-01", 5)
    small.decide()
    small.send()
    assert small.statuses()["A-03"] == "accepted"


def test_nobody_is_asked_twice_and_the_first_expiry_stands(small: ActingHub) -> None:
    (asked,) = small.asked()
    small.pass_time(5)
    small.want("A-01", 5)
    small.decide()
    (still,) = small.asked()
    assert (still.checkpoint_uid, still.expires_at) == (
        asked.checkpoint_uid,
        asked.expires_at,
    )
    small.pass_time(1.1)
    small.send()
    assert small.statuses()["A-03"] == "expired"
    with pytest.raises(CheckpointError, match="is expired by policy, not open"):
        answer(small.hub, asked.checkpoint_uid, "approve", by="Ada", reason="late")


def test_silence_may_count_as_a_yes(small: ActingHub) -> None:
    path = small.hub.settings.policies
    path.write_text(path.read_text().replace("on_expiry: reject", "on_expiry: approve"))
    small.want("A-03", 5)
    small.decide()
    small.pass_time(7)
    small.send()
    assert small.statuses()["A-03"] == "accepted"
    said = small.rows("select kind, actor from lake.decisions.audit order by sequence")
    assert ("checkpoint.approve.on_expiry", "policy") in said


def test_altered_bytes_cannot_be_approved(small: ActingHub) -> None:
    (asked,) = small.asked()
    small.alter("update lake.decisions.action_outbox set payload = '{}' where status = 'held'")
    with pytest.raises(CheckpointError, match="is not what the outbox holds now"):
        answer(small.hub, asked.checkpoint_uid, "approve", by="Ada", reason="fine")


@pytest.mark.parametrize(("by", "reason"), [("", "x"), ("x", " ")])
def test_who_and_why_must_be_said(small: ActingHub, by: str, reason: str) -> None:
    (asked,) = small.asked()
    with pytest.raises(CheckpointError, match="Say who you are"):
        answer(small.hub, asked.checkpoint_uid, "approve", by=by, reason=reason)


def test_what_expired_is_asked_again_when_it_is_decided_again(small: ActingHub) -> None:
    small.pass_time(7)
    small.send()
    assert small.statuses()["A-03"] == "expired"
    small.decide()
    (asked,) = small.asked()
    answer(small.hub, asked.checkpoint_uid, "approve", by="Ada", reason="now it is")
    small.send()
    assert small.statuses()["A-03"] == "accepted"


def test_nobody_is_asked_about_what_was_sent_already(small: ActingHub) -> None:
    (asked,) = small.asked()
    answer(small.hub, asked.checkpoint_uid, "approve", by="Ada", reason="fine")
    small.send()
    small.want("A-01", 5)
    small.decide()
    assert small.statuses()["A-03"] == "duplicate"
    assert small.asked() == []


def test_a_part_that_was_answered_stays_so_when_all_of_it_is_asked_again(small: ActingHub) -> None:
    small.saga = (Action("wms", "cancel", {"sku": "old"}, "off"),)
    small.held = {"A-01"}
    small.want("A-01", 4)
    small.decide()
    (asked,) = small.asked()
    answer(
        small.hub, asked.checkpoint_uid, "approve", by="Ada", reason="fine", only=[asked.keys[0]]
    )
    small.want("A-01", 5)
    small.decide()
    small.want("A-01", 4)
    small.decide()
    (again,) = small.asked()
    assert (again.checkpoint_uid, again.approved) == (asked.checkpoint_uid, (asked.keys[0],))
    assert {row["status"] for row in small.outbox("proposed", "held")} >= {"proposed", "held"}


def test_the_run_that_stands_is_the_one_that_was_decided_last(small: ActingHub) -> None:
    runs = []
    for scope in ([], ["node:N1"], [], ["node:N2"], []):
        text = {"fill": {"policy": {"stopped": scope}}}
        small.hub.settings.policies.write_text(f"jobs: {json.dumps(text)}")
        small.decide()
        runs.append(deciding.recorded(small.hub).header.run_uid)
    assert runs[0] == runs[2] == runs[4]
    assert len(set(runs)) == 3
