"""What people are told of incidents reaches each of them, in order, whatever fails on the way."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration import alert_outbox, incident_store, incidents
from orchestration.alerts.routes import RoutesError
from orchestration.hub import Hub
from orchestration.incidents import Change, Incident
from orchestration.settings import Settings

NOW = datetime(2026, 3, 11, 22, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the library's example
WMS = {"channel": "#wms", "owner": "wms-operations"}


def row(status: str = "failed", **other: Any) -> dict[str, Any]:
    told = {"contract": "sources/wms", "dataset": "wms.stock", "rule": "stock.sums"}
    told |= {"column": "qty", "severity": "error", "status": status, "failing": 3, "mend": "Mend."}
    return {**told, "message": "wms.stock.qty: 3 rows break it. Owner: them.", **WMS, **other}


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    made = Hub(Settings(home=tmp_path, channels=tmp_path / "channels.yaml"))
    made.lake.create()
    made.settings.channels.write_text("default: [{slack: 'http://127.0.0.1:9/none'}]")
    return made


@pytest.fixture
def judge(hub: Hub) -> Callable[..., None]:
    """Record what a judgement of the sources found, as `judging` does."""

    def record(*rows: dict[str, Any], now: datetime = NOW) -> None:
        def found(standing: list[Incident]) -> list[Change]:
            return incidents.judged(standing, "sources", rows, now)

        incident_store.change(hub, found, now, "test")

    return record


def route(hub: Hub, **channels: Any) -> None:
    hub.settings.channels.write_text(yaml.safe_dump(channels))


def events(receiver: Any) -> list[str]:
    return [json.loads(body)["blocks"][0]["text"]["text"] for _, _, body in receiver.taken]


def test_a_beginning_and_an_end_are_told_once_to_the_same_people(
    hub: Hub, judge: Callable[..., None], receiver: Any
) -> None:
    route(hub, channels={"#wms": [{"slack": receiver.url}]})
    judge(row())
    (first,) = alert_outbox.send(hub, now=NOW)
    assert first.target.startswith("#wms/slack/") and first.event == "opened"
    judge(row())
    assert alert_outbox.send(hub, now=NOW) == [], "found again, nobody is told again"
    route(hub, channels={"#wms": [{"slack": receiver.url}]}, default=[{"slack": receiver.url}])
    judge(row("passed", channel="#other", owner="others"))
    (sent,) = alert_outbox.send(hub, now=NOW)
    assert (sent.target, sent.event, sent.error) == (first.target, "resolved", None)
    begun, ended = events(receiver)
    assert "Error: wms.stock.qty breaks sums" in begun and "Resolved" in ended
    assert b"Owner: them" not in receiver.taken[0][2], "the message has a place of its own for it"
    assert alert_outbox.send(hub, now=NOW) == []


def test_what_is_not_taken_is_tried_again_later_and_nothing_overtakes_it(
    hub: Hub, judge: Callable[..., None], receiver: Any
) -> None:
    route(hub, default=[{"slack": receiver.url}])
    receiver.status = 500
    judge(row(severity="warning"))
    (failed,) = alert_outbox.send(hub, now=NOW)
    assert failed.error is not None and "s3cret" not in failed.error
    judge(row(), now=NOW + timedelta(seconds=10))
    assert alert_outbox.send(hub, now=NOW + timedelta(seconds=10)) == [], "it waits for its turn"
    receiver.status = 200
    sent = alert_outbox.send(hub, now=NOW + timedelta(minutes=1))
    assert [one.error for one in sent] == [None, None]
    judge(row("passed"), now=NOW + timedelta(minutes=2))
    alert_outbox.send(hub, now=NOW + timedelta(minutes=2))
    states = [one.split("*")[1].partition(":")[0] for one in events(receiver)]
    assert states[1:] == ["Warning", "Error, still", "Resolved"]


def test_who_did_not_hear_of_the_beginning_hears_of_both_at_the_end_in_one_message(
    hub: Hub, judge: Callable[..., None], receiver: Any, other: Any
) -> None:
    route(hub, default=[{"slack": receiver.url}, {"slack": other.url}])
    receiver.status = 500
    judge(row())
    alert_outbox.send(hub, now=NOW)
    receiver.taken.clear()
    judge(row("passed"), now=NOW + timedelta(seconds=10))
    (told,) = alert_outbox.send(hub, now=NOW + timedelta(seconds=10))
    assert told.event == "resolved", "who heard of it need not wait for who did not"
    receiver.status = 200
    (late,) = alert_outbox.send(hub, now=NOW + timedelta(hours=3))
    assert (late.event, late.error) == ("resolved", None)
    ((_, _, body),) = receiver.taken
    said = json.loads(body)["text"]
    assert "Broke and is resolved, sent late: wms.stock.qty" in said
    assert "Broke at 2026-03-11 22:00 UTC, resolved since 2026-03-11 22:00 UTC" in said
    assert "Sent late, at 2026-03-12 01:00 UTC, 2 h 59 min after it was resolved." in said
    begun, ended = events(other)
    assert "Error: " in begun and "*Resolved: " in ended
    assert "Everybody who was told" in other.body["text"]
    assert alert_outbox.send(hub, now=NOW + timedelta(days=1)) == [], "nothing is told twice"
    with hub.lake.connect(read_only=True) as con:
        (one,) = incident_store.listed(con)
    folded = [line for line in alert_outbox.history(hub, one.incident_id) if "the end" in line]
    assert len(folded) == 1 and folded[0].startswith("opened: default/slack/")


def test_an_end_after_a_beginning_that_was_refused_for_good_tells_of_both(
    hub: Hub, judge: Callable[..., None], receiver: Any
) -> None:
    route(hub, default=[{"webhook": {"url": receiver.url, "secret": SECRET}}])
    receiver.status = 404
    judge(row())
    alert_outbox.send(hub, now=NOW)
    receiver.status = 200
    judge(row("passed"))
    alert_outbox.send(hub, now=NOW)
    assert receiver.body["type"] == "crossdock.incident.resolved"
    assert receiver.body["data"]["is_first"] is True


def test_a_reminder_that_did_not_arrive_is_no_news_when_it_is_over(
    hub: Hub, judge: Callable[..., None], receiver: Any
) -> None:
    route(hub, default=[{"webhook": {"url": receiver.url, "secret": SECRET}}])
    judge(row(severity="warning"))
    alert_outbox.send(hub, now=NOW)
    receiver.status = 503
    judge(row(), now=NOW + timedelta(hours=1))
    alert_outbox.send(hub, now=NOW + timedelta(hours=1))
    judge(row("passed"), now=NOW + timedelta(hours=2))
    receiver.status, receiver.taken[:] = 200, []
    (sent,) = alert_outbox.send(hub, now=NOW + timedelta(hours=3))
    assert sent.event == "resolved" and len(receiver.taken) == 1
    assert receiver.body["data"]["is_first"] is False, "it had heard of it as a warning"


def test_what_is_still_broken_when_it_is_told_late_says_when_it_broke(
    hub: Hub, judge: Callable[..., None], receiver: Any
) -> None:
    route(hub, channels={"#erp": [{"slack": receiver.url}]})
    judge(row())
    judge(row(), now=NOW + timedelta(hours=5))
    alert_outbox.send(hub, now=NOW + timedelta(hours=5))
    route(hub, default=[{"slack": receiver.url}])
    alert_outbox.send(hub, now=NOW + timedelta(hours=6))
    said = receiver.body["text"]
    assert "Error, sent late: wms.stock.qty" in said
    assert (
        "Broken since 2026-03-11 22:00 UTC. Sent late, at 2026-03-12 04:00 UTC, 6 h after" in said
    )


def test_a_receiver_that_says_when_to_come_back_is_obeyed(
    hub: Hub, judge: Callable[..., None], receiver: Any
) -> None:
    route(hub, default=[{"slack": receiver.url}])
    receiver.status, receiver.headers = 429, {"Retry-After": "600"}
    judge(row())
    alert_outbox.send(hub, now=NOW)
    receiver.status = 200
    assert alert_outbox.send(hub, now=NOW + timedelta(minutes=9)) == []
    assert len(alert_outbox.send(hub, now=NOW + timedelta(minutes=11))) == 1


def test_a_refusal_for_good_is_kept_and_shown(
    hub: Hub, judge: Callable[..., None], receiver: Any
) -> None:
    route(hub, default=[{"slack": receiver.url}])
    receiver.status = 404
    judge(row())
    alert_outbox.send(hub, now=NOW)
    assert alert_outbox.send(hub, now=NOW + timedelta(days=1)) == []
    with hub.lake.connect(read_only=True) as con:
        (one,) = incident_store.standing(con)
        (kept,) = alert_outbox.waiting(con)
    assert kept["status"] == "failed" and "404" in kept["last_error"]
    (said,) = alert_outbox.history(hub, one.incident_id)
    assert said.startswith("opened: default/slack/") and ", failed since" in said


def test_an_alert_with_no_target_waits_until_there_is_one(
    hub: Hub, judge: Callable[..., None], receiver: Any
) -> None:
    route(hub, channels={"#erp": [{"slack": receiver.url}]})
    judge(row())
    assert alert_outbox.send(hub, now=NOW) == []
    with hub.lake.connect(read_only=True) as con:
        (one,) = incident_store.standing(con)
    (said,) = alert_outbox.history(hub, one.incident_id)
    assert "nobody yet" in said and alert_outbox.unheard(hub) == 1
    route(hub, default=[{"slack": receiver.url}])
    assert len(alert_outbox.send(hub, now=NOW)) == 1
    assert alert_outbox.unheard(hub) == 0


def test_what_ended_before_anybody_could_be_told_is_told_to_nobody(
    hub: Hub, judge: Callable[..., None], receiver: Any
) -> None:
    route(hub, channels={"#erp": [{"slack": receiver.url}]})
    judge(row())
    alert_outbox.send(hub, now=NOW)
    judge(row("passed"))
    assert alert_outbox.send(hub, now=NOW) == []
    route(hub, default=[{"slack": receiver.url}])
    assert alert_outbox.send(hub, now=NOW) == [] and receiver.taken == []


def test_a_list_of_channels_that_cannot_be_read_loses_no_alert(
    hub: Hub, judge: Callable[..., None], receiver: Any
) -> None:
    hub.settings.channels.write_text("channel: {}")
    judge(row())
    with pytest.raises(RoutesError, match="Did you mean 'channels'"):
        alert_outbox.send(hub, now=NOW)
    route(hub, default=[{"slack": receiver.url}])
    assert len(alert_outbox.send(hub, now=NOW)) == 1


def test_a_kill_after_the_message_was_taken_repeats_it_under_the_same_id(
    hub: Hub, judge: Callable[..., None], receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    route(hub, default=[{"webhook": {"url": receiver.url, "secret": SECRET}}])
    judge(row())
    alert_outbox.send(hub, now=NOW - timedelta(days=1))  # addressed, and not yet due

    class KilledError(BaseException):
        """The process ends here."""

    def killed(*_: Any) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(type(hub.lake), "commit", killed)
        with pytest.raises(KilledError):
            alert_outbox.send(hub, now=NOW)
    assert len(alert_outbox.send(hub, now=NOW)) == 1
    first, second = (headers["webhook-id"] for _, headers, _ in receiver.taken)
    assert first == second
    assert alert_outbox.send(hub, now=NOW) == []


def test_two_who_send_at_once_send_nothing_twice(
    hub: Hub, judge: Callable[..., None], receiver: Any
) -> None:
    from filelock import FileLock

    route(hub, default=[{"slack": receiver.url}])
    judge(row())
    with FileLock(hub.settings.home / "alerts.lock"):
        assert alert_outbox.send(hub, now=NOW) == []
    assert len(alert_outbox.send(hub, now=NOW)) == 1
