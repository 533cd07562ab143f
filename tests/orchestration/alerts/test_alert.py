"""An alert survives the outbox, and what cannot be one is refused."""

import json
from dataclasses import FrozenInstanceError, replace
from datetime import datetime

import pytest
from pydantic import ValidationError

from orchestration.alerts.alert import Alert


def test_an_alert_comes_back_from_its_json_as_it_was(alert: Alert) -> None:
    assert Alert.from_json(alert.to_json()) == alert
    bare = replace(alert, rows=None, source_fields=(), blocked=(), link=None, also=())
    assert Alert.from_json(bare.to_json()) == bare


def test_an_alert_that_an_earlier_version_put_in_the_outbox_can_be_read(alert: Alert) -> None:
    before = json.loads(alert.to_json())
    del before["sent_at"], before["is_first"]
    assert Alert.from_json(json.dumps(before)) == alert and alert.late is None


def test_an_alert_cannot_be_changed(alert: Alert) -> None:
    with pytest.raises(FrozenInstanceError):
        alert.title = "another"  # type: ignore[misc]


@pytest.mark.parametrize(
    "change",
    [
        {"since": datetime(2026, 3, 11)},  # noqa: DTZ001
        {"event": "closed"},
        {"severity": "fatal"},
        {"id": "a\r\nBcc: all@example.com"},
        {"id": "1.2"},
        {"incident": ""},
    ],
)
def test_what_cannot_be_an_alert_is_refused_without_its_values(
    alert: Alert, change: dict[str, object]
) -> None:
    with pytest.raises(ValidationError) as refused:
        replace(alert, **change)  # type: ignore[arg-type]
    assert "all@example.com" not in str(refused.value)
