"""What arrives at a web server that an alert is sent to, and what becomes of one that refuses."""

import json
import logging
import socket
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from orchestration.alerts.alert import Alert
from orchestration.alerts.senders import NotDelivered, deliver
from orchestration.alerts.targets import Target

One = Callable[[str], Target]
SECRET = "whsec_" + "c2VjcmV0" * 5


def _refused(alert: Alert, target: Target, timeout_s: float = 10) -> NotDelivered:
    with pytest.raises(NotDelivered) as refused:
        deliver(alert, target, timeout_s)
    return refused.value


def test_slack_gets_blocks_and_a_fallback(alert: Alert, receiver: Any, one: One) -> None:
    deliver(alert, one(f"slack: {receiver.url}"))
    ((path, headers, _),) = receiver.taken
    assert path == "/s3cret-path" and headers["Content-Type"] == "application/json"
    assert receiver.body["text"].startswith("[Crossdock] Error: wms.stock has a quantity")
    assert receiver.body["blocks"][0]["type"] == "section"


def test_a_webhooks_signature_verifies_and_that_of_a_tampered_body_does_not(
    alert: Alert, receiver: Any, one: One
) -> None:
    target = one(f'webhook: {{url: "{receiver.url}", secret: "{SECRET}"}}')
    deliver(replace(alert, what="größer als 0 € \U0001f4e6"), target)
    ((_, headers, body),) = receiver.taken
    verified = Webhook(SECRET).verify(body, headers)
    assert verified["type"] == "crossdock.incident.opened"
    assert verified["data"]["what"] == "größer als 0 € \U0001f4e6"
    for tampered, secret in [
        (body.replace(b'"rows": 3', b'"rows": 0'), SECRET),
        (body, "whsec_" + "b3RoZXI=" * 5),
    ]:
        assert (tampered, secret) != (body, SECRET)
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(tampered, headers)


def test_a_repeat_bears_the_same_id_so_that_the_receiver_can_drop_it(
    alert: Alert, receiver: Any, one: One
) -> None:
    target = one(f'webhook: {{url: "{receiver.url}", secret: "{SECRET}"}}')
    deliver(alert, target)
    deliver(alert, target)
    first, second = ({k.lower(): v for k, v in headers.items()} for _, headers, _ in receiver.taken)
    assert first["webhook-id"] == second["webhook-id"] == alert.id


def test_an_apprise_url_gets_the_message(alert: Alert, receiver: Any, one: One) -> None:
    deliver(alert, one(f"apprise: {receiver.url.replace('http', 'json')}"))
    assert receiver.body["title"] == "[Crossdock] Error: wms.stock has a quantity below zero"
    assert "Source field: wms.stock.quantity" in receiver.body["message"]
    assert receiver.body["type"] == "failure"


@pytest.mark.parametrize(
    ("status", "headers", "is_final", "after_s"),
    [
        (500, {}, False, None),
        (503, {"Retry-After": "7"}, False, 7.0),
        (429, {"Retry-After": "30"}, False, 30.0),
        (429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, False, None),
        (429, {"Retry-After": "-1"}, False, None),
        (408, {}, False, None),
        (425, {}, False, None),
        (400, {}, True, None),
        (404, {}, True, None),
        (410, {}, True, None),
    ],
)
@pytest.mark.parametrize("kind", ["slack", "webhook"])
def test_a_refusal_says_whether_to_try_again_and_when(
    alert: Alert,
    receiver: Any,
    one: One,
    kind: str,
    status: int,
    headers: dict[str, str],
    is_final: bool,
    after_s: float | None,
) -> None:
    receiver.status, receiver.headers = status, headers
    given = {"slack": receiver.url, "webhook": f'{{url: "{receiver.url}", secret: "{SECRET}"}}'}
    refused = _refused(alert, one(f"{kind}: {given[kind]}"))
    assert (refused.reason, refused.is_final, refused.after_s) == (
        f"It answered {status}.",
        is_final,
        after_s,
    )


@pytest.mark.parametrize("kind", ["slack", "apprise"])
def test_a_redirect_is_not_followed(alert: Alert, receiver: Any, one: One, kind: str) -> None:
    receiver.status, receiver.headers = 307, {"Location": f"{receiver.url}/elsewhere"}
    url = receiver.url if kind == "slack" else receiver.url.replace("http", "json")
    refused = _refused(alert, one(f"{kind}: {url}"))
    assert [path for path, *_ in receiver.taken if "elsewhere" in path] == []
    assert len(receiver.taken) == 1
    assert kind == "apprise" or (refused.is_final and "redirect" in refused.reason)


def test_who_does_not_listen_may_later_and_the_reason_does_not_tell_who(
    alert: Alert, one: One, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    for name in ("apprise", "urllib3", "urllib3.connectionpool"):
        caplog.set_level(1, logger=name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    smtp = f"smtp://user:hush@127.0.0.1:{port}"
    for entry in (
        f"slack: http://127.0.0.1:{port}/hush",
        f'webhook: {{url: "http://127.0.0.1:{port}/hush", secret: "{SECRET}"}}',
        f"apprise: json://127.0.0.1:{port}/hush",
        f'email: {{to: [hush@example.com], from: a@example.com, smtp: "{smtp}"}}',
        "slack: http://hush.invalid/",
    ):
        refused = _refused(alert, one(entry))
        assert not refused.is_final, entry
        said = refused.reason + repr(refused) + caplog.text
        for told in ("hush", "127.0.0.1", str(port), SECRET):
            assert told not in said, entry
        assert "hush" not in "".join(traceback.format_exception(refused))


def test_what_is_sent_stands_in_no_log(
    alert: Alert, receiver: Any, one: One, caplog: pytest.LogCaptureFixture
) -> None:
    for name in (None, "apprise", "urllib3.connectionpool"):
        caplog.set_level(1, logger=name)
    deliver(alert, one(f"slack: {receiver.url}"))
    deliver(alert, one(f"apprise: {receiver.url.replace('http', 'json')}"))
    assert len(receiver.taken) == 2
    assert "s3cret" not in caplog.text and "sku=AA" not in caplog.text
    assert logging.getLogger("urllib3.connectionpool").isEnabledFor(logging.DEBUG)


def test_a_server_that_does_not_answer_is_given_up_in_time(alert: Alert, one: One) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        for entry in (
            f"slack: http://127.0.0.1:{port}/",
            f'email: {{to: [a@example.com], from: b@example.com, smtp: "smtp://127.0.0.1:{port}"}}',
        ):
            refused = _refused(alert, one(entry), timeout_s=0.3)
            assert not refused.is_final
            assert refused.reason in (
                "No answer within 0.3 s.",
                "The connection failed: SMTPServerDisconnected.",
            )


@pytest.mark.parametrize(
    ("entry", "is_final", "said"),
    [
        ("slack: not-a-url", True, r"default\[0\].slack: it is no URL"),
        ("slack: ${CROSSDOCK_NO_URL}", False, r"default\[0\].slack: it is no URL"),
        (
            'webhook: {url: "https://a.example", secret: "${CROSSDOCK_NO_URL}"}',
            False,
            "secret is too short",
        ),
        ("slack: ${CROSSDOCK_NOT_SET_ANYWHERE}", False, "CROSSDOCK_NOT_SET_ANYWHERE, which is not"),
        ("apprise: slak://hush", True, "Apprise knows no such URL"),
        (f'webhook: {{url: "https://a.example", secret: "{"é" * 9}"}}', True, "secret is no"),
    ],
)
def test_a_target_that_cannot_be_is_final_one_that_waits_for_a_variable_is_not(
    alert: Alert,
    one: One,
    entry: str,
    is_final: bool,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CROSSDOCK_NO_URL", "hush")
    refused = _refused(alert, one(entry))
    assert refused.is_final == is_final and said.replace("\\", "") in refused.reason
    assert "hush" not in str(refused)


def test_the_body_of_a_webhook_is_what_the_page_documents(
    alert: Alert, receiver: Any, one: One
) -> None:
    deliver(
        replace(alert, event="resolved"),
        one(f'webhook: {{url: "{receiver.url}", secret: "{SECRET}"}}'),
    )
    assert set(receiver.body) == {"type", "timestamp", "data"}
    assert receiver.body["type"] == "crossdock.incident.resolved"
    assert json.loads(alert.to_json()).keys() == receiver.body["data"].keys()
