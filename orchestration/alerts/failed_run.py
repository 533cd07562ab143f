"""Tell people that a run failed: a line in a file always, a webhook when there is one."""

import json
import logging
from collections.abc import Mapping

import requests

from orchestration.settings import Settings

_LOG = logging.getLogger(__name__)


def send(settings: Settings, alert: Mapping[str, object]) -> None:
    """Append an alert to alerts.jsonl and post it to the webhook, if one is set.

    A webhook that does not answer is logged, without its address (it is a secret); the line in
    the file stays.
    """
    settings.alerts.parent.mkdir(parents=True, exist_ok=True)
    with settings.alerts.open("a", encoding="utf-8") as file:
        file.write(json.dumps(alert) + "\n")
    if settings.alert_webhook is None:
        return
    text = f"Crossdock: {alert['job']} failed at {alert['step']}: {alert['message']}"
    try:
        requests.post(
            settings.alert_webhook, json={"text": text, **alert}, timeout=10
        ).raise_for_status()
    except requests.RequestException as error:
        _LOG.warning("The alert webhook did not take the message: %s", type(error).__name__)
