"""What a message says, and that nothing in the data can make it say or do something else."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from orchestration.alerts import mail, message, slack
from orchestration.alerts.alert import Alert

ANSWERS = [
    "a quantity that breaks minimum 0",  # what broke, with an example key
    "sku=AA-00017",
    "Error",
    "3",
    "wms.stock.quantity",  # which source field
    "wms-operations (#wms-operations)",  # whose
    "2026-03-11 18:40 UTC",  # since when
    "the release of new data, decision job source_orders",  # what is blocked
    "Ask wms-operations about",  # the mend
    "canonical.inventory_atp atp_not_negative",
    "inc_4f2a",
]


def _flat(alert: Alert) -> str:
    return " ".join(message.text(alert).split())


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_message_answers_what_its_reader_asks(alert: Alert, answer: str) -> None:
    assert answer in f"{message.subject(alert)} {_flat(alert)}"
    assert answer in json.dumps(slack.payload(alert)["blocks"])
    assert answer in slack.payload(alert)["text"]


def test_a_message_has_its_link(alert: Alert) -> None:
    assert "https://dagster.example.com/runs/1?a=1&b=2" in message.text(alert)
    assert "<https://dagster.example.com/runs/1?a=1&amp;b=2|Open in Dagster>" in json.dumps(
        slack.payload(alert)
    )
    bare = replace(alert, link=None)
    assert "http" not in message.text(bare)
    assert "Dagster" not in json.dumps(slack.payload(bare))


def test_a_mail_reads_well_at_72_columns(alert: Alert) -> None:
    long = replace(alert, what="sku=AA-00017 is short. " * 40, mend="Count it again. " * 40)
    assert max(map(len, message.text(long).splitlines())) <= 72
    whole = replace(alert, what="k" * 200)
    assert "k" * 200 in message.text(whole), "a key is not broken in two"


def test_a_resolved_message_says_how_long_it_lasted_and_who_was_told(alert: Alert) -> None:
    over = replace(
        alert, event="resolved", occurred_at=alert.since + timedelta(hours=3, minutes=20)
    )
    assert message.subject(over) == "[Crossdock] Resolved: wms.stock has a quantity below zero"
    for said in (_flat(over), slack.payload(over)["text"]):
        assert "Resolved after 3 h 20 min" in said
        assert "Everybody who was told that it broke is told this" in said
        assert "2026-03-11 18:40 UTC until 2026-03-11 22:00 UTC" in said
        assert "What to do" not in said and "Blocked" not in said and "Fails too" not in said


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("opened", "[Crossdock] Error: w"),
        ("reminder", "[Crossdock] Error, still: w"),
    ],
)
def test_the_subject_tells_news_from_a_reminder(alert: Alert, event: str, said: str) -> None:
    assert message.subject(replace(alert, event=event)).startswith(said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "subject", "opening"),
    [
        (
            "opened",
            "Error, sent late: w",
            "Sent late, at 2026-03-11 23:05 UTC, 1 h after it broke.",
        ),
        ("reminder", "Error, still, sent late: w", "1 h after that."),
        ("resolved", "Resolved, sent late: w", "1 h after it was resolved. Everybody who"),
    ],
)
def test_a_message_that_comes_late_says_when_it_was_sent_and_one_in_time_does_not(
    alert: Alert, event: str, subject: str, opening: str
) -> None:
    at = alert.since + timedelta(hours=3, minutes=25)
    happened = replace(alert, event=event, occurred_at=at)  # type: ignore[arg-type]
    late = replace(happened, sent_at=at + timedelta(hours=1))
    assert f"[Crossdock] {subject}" in message.subject(late)
    for said in (_flat(late), slack.payload(late)["text"]):
        assert opening in said
    in_time = replace(happened, sent_at=at + timedelta(minutes=10))
    assert "late" not in message.subject(in_time) + _flat(in_time)


def test_an_end_that_is_the_first_message_of_it_tells_the_beginning_too(alert: Alert) -> None:
    at = alert.since + timedelta(hours=3, minutes=20)
    both = replace(alert, event="resolved", occurred_at=at, sent_at=at, is_first=True)
    assert message.subject(both).startswith("[Crossdock] Broke and is resolved: w")
    for said in (_flat(both), slack.payload(both)["text"]):
        assert "Broke at 2026-03-11 18:40 UTC, resolved since 2026-03-11 22:00 UTC" in said
        assert "after 3 h 20 min. No message that it broke is known to have arrived here" in said
        assert "Everybody who was told" not in said and "late" not in said
    assert json.loads(message.webhook(both))["type"] == "crossdock.incident.resolved"


@pytest.mark.parametrize(
    ("lasted", "said"),
    [
        (timedelta(seconds=20), "less than a minute"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=2, hours=4, minutes=9), "2 d 4 h"),
    ],
)
def test_a_duration_is_said_in_two_units_at_most(lasted: timedelta, said: str) -> None:
    assert message.duration(lasted) == said


def test_a_webhooks_body_has_the_type_and_every_field(alert: Alert) -> None:
    body = json.loads(message.webhook(alert))
    assert body["type"] == "crossdock.incident.opened"
    assert body["timestamp"] == "2026-03-11T18:40:00Z"
    assert Alert.from_json(json.dumps(body["data"])) == alert


@pytest.mark.parametrize(
    "title",
    ["a\r\nBcc: all@example.com", "a\nBcc: x", "a\u2028Bcc: x", "a\x00\x1b[31mBcc", "a\x85B"],
)
def test_a_title_with_line_breaks_stays_one_line_and_adds_no_header(
    alert: Alert, title: str
) -> None:
    hostile = replace(alert, title=title, owner=title, dataset=title, rule=title)
    assert message.subject(hostile).isprintable()
    sent = mail.compose(hostile, "crossdock@example.com", ["team@example.com"])
    assert sent["Bcc"] is None
    head = sent.as_bytes().split(b"\n\n", 1)[0].lower()
    assert not any(line.startswith(b"bcc") for line in head.splitlines())
    assert not any(line.startswith("Bcc") for line in message.text(hostile).splitlines())


@pytest.mark.parametrize(
    "call",
    ["<!channel>", "<!here|x>", "<@U123>", "<!subteam^S1>", "@everyone", "@channel", "@HERE"],
)
def test_text_of_the_data_calls_on_nobody(alert: Alert, call: str) -> None:
    hostile = replace(alert, title=call, what=call, mend=call, owner=call, also=(call,), link=call)
    assert call.casefold() not in json.dumps(slack.payload(hostile), ensure_ascii=False).casefold()
    assert "<" not in json.dumps(slack.payload(hostile), ensure_ascii=False)
    assert call.casefold() not in message.without_mentions(message.text(hostile)).casefold()


def test_a_link_of_the_data_cannot_end_the_link(alert: Alert) -> None:
    hostile = replace(alert, link="https://a.example/x|label> <!channel>")
    assert "<https://a.example/x%7Clabel%3E%20%3C!channel%3E|Open in Dagster>" in json.dumps(
        slack.payload(hostile)
    )


@pytest.mark.parametrize("what", ["x" * 10_000, "<&>" * 10_000, "a b\n" * 5_000, "&" * 2_999])
def test_however_long_the_text_a_slack_message_keeps_within_the_limits(
    alert: Alert, what: str
) -> None:
    names = tuple(f"canonical.entity_{i} rule_{i}" for i in range(500))
    long = replace(
        alert,
        what=what,
        mend=what,
        title=what,
        also=names,
        source_fields=names,
        link="https://" + what,
    )
    sent = slack.payload(long)
    assert len(sent["blocks"]) <= 50 and 0 < len(sent["text"]) <= 40_000
    for block in sent["blocks"]:
        if "text" in block:
            assert 0 < len(block["text"]["text"]) <= 3000
        fields = block.get("fields", [])
        assert len(fields) <= 10 and all(0 < len(f["text"]) <= 2000 for f in fields)
        for said in (block.get("text", {}).get("text", ""), *(f["text"] for f in fields)):
            assert not [
                cut for cut in said.split("&")[1:] if not cut.startswith(("amp;", "lt;", "gt;"))
            ]
    assert "(shortened)" in json.dumps(sent)


def test_what_a_message_shortens_a_mail_says_in_full(alert: Alert) -> None:
    what = " ".join(f"sku=AA-{i:05}" for i in range(1000))
    assert what in _flat(replace(alert, what=what))
