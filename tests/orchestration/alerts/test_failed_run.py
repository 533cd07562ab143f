"""A failed run is told: in the file always, to the webhook when there is one that answers."""

import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from orchestration.alerts.failed_run import send
from orchestration.settings import Settings

ALERT = {"at": "2026-03-11T22:00:00+00:00", "job": "run", "step": "judge_sources", "message": "m"}


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[dict[str, str]]]]:
    taken: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", taken
        server.shutdown()
        thread.join()


def test_an_alert_is_kept_and_sent(
    tmp_path: Path, receiver: tuple[str, list[dict[str, str]]]
) -> None:
    url, taken = receiver
    settings = Settings(home=tmp_path, alert_webhook=url)
    send(settings, ALERT)
    send(settings, ALERT)
    kept = [json.loads(line) for line in settings.alerts.read_text().splitlines()]
    assert kept == [ALERT, ALERT]
    assert taken[0]["text"] == "Crossdock: run failed at judge_sources: m"
    assert len(taken) == 2


def test_a_webhook_that_does_not_answer_loses_no_alert_and_its_address_is_not_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(home=tmp_path, alert_webhook="http://127.0.0.1:9/s3cret")
    with caplog.at_level(logging.WARNING):
        send(settings, ALERT)
    assert json.loads(settings.alerts.read_text()) == ALERT
    assert "did not take" in caplog.text and "s3cret" not in caplog.text
    assert "s3cret" not in repr(settings)
