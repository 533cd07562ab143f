"""`crossdock alerts`: who is told, and whether it reaches them; no secret on the screen."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
Run = Callable[..., str]


@pytest.fixture
def run(
    tmp_path: Path, command_on: Callable[[Path, Path], Run], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Run]:
    """Write a channels.yaml, or none, and make a runner of commands on it."""

    def ready(text: str = "") -> Run:
        monkeypatch.delenv("CROSSDOCK_ALERT_WEBHOOK", raising=False)
        if text:
            (tmp_path / "channels.yaml").write_text(text)
            monkeypatch.setenv("CROSSDOCK_CHANNELS", str(tmp_path / "channels.yaml"))
        return command_on(tmp_path, ROOT / "contracts")

    return ready


def test_the_targets_are_listed_with_what_they_lack_and_who_is_not_told(
    run: Callable[[str], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER", "json://hush-token@127.0.0.1/hush")
    said = run(
        'channels:\n  "#wms-operations":\n    - slack: ${NOT_SET_HERE}\n'
        "  data-platform:\n    - apprise: ${PAGER}\n"
    )("alerts", "channels")
    rows = [line for line in said.splitlines() if line.count("│") > 4]
    lines = {line.split("│")[3].strip().rpartition("/")[0]: line for line in rows}
    assert "needs the environment variable NOT_SET_HERE" in lines["#wms-operations/slack"]
    assert "ready" in lines["data-platform/apprise"]
    assert "hush" not in said
    nobody = [line for line in said.splitlines() if line.rstrip(" │").endswith("nobody")]
    assert any("#erp-platform" in line and "sources/erp" in line for line in nobody)
    assert not any("#wms-operations" in line for line in nobody)
    assert "reach nobody: " in said.replace("\n", " ")


def test_without_targets_it_says_how_to_get_some(run: Callable[[], Run]) -> None:
    said = run()("alerts", "channels", columns=300)
    assert "No target" in said and "orchestration/ALERTS.md" in said


def test_with_a_default_everybody_is_told(
    run: Callable[[], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = run()
    monkeypatch.setenv("CROSSDOCK_ALERT_WEBHOOK", "https://hooks.example/hush")
    said = command("alerts", "channels")
    assert "default/slack/webhook" in said and "hush" not in said
    assert "Every contract's channel reaches somebody" in said


def test_a_test_alert_says_that_it_is_one_and_each_target_tells_what_became_of_it(
    run: Callable[[str], Run], receiver: Any
) -> None:
    command = run(
        f'channels:\n  "#wms-operations":\n    - slack: {receiver.url}\n'
        "default:\n  - slack: http://127.0.0.1:1/hush\n"
    )
    said = command("alerts", "test", "#wms-operations")
    assert re.search(r"#wms-operations/slack/\w+: delivered", said)
    assert "1 of 1 targets took" in said
    assert receiver.body["text"].startswith("[Crossdock] Warning: TEST, nothing is broken")

    said = command("alerts", "test", code=1)
    assert re.search(r"#wms-operations/slack/\w+: delivered", said)
    assert re.search(r"default/slack/\w+: not delivered\. The connection failed", said)
    assert said.splitlines()[-1].startswith("1 of 2 targets took")
    assert "hush" not in said and "s3cret" not in said
    assert len(receiver.taken) == 2


def test_a_contracts_channel_without_targets_is_tried_by_its_owner_or_the_default(
    run: Callable[[str], Run], receiver: Any
) -> None:
    command = run(f"channels:\n  erp-platform:\n    - slack: {receiver.url}\n")
    said = command("alerts", "test", "#erp-platform")
    assert re.search(r"erp-platform/slack/\w+: delivered", said)


def test_a_channel_that_nobody_knows_is_refused_with_the_nearest(run: Callable[[str], Run]) -> None:
    said = run("default:\n  - slack: ${HOOK}\n")("alerts", "test", "#wms-operation", code=1)
    assert "'#wms-operation' is no channel or owner. Did you mean '#wms-operations'?" in said


def test_a_test_to_nobody_fails_with_the_mend(run: Callable[[], Run]) -> None:
    assert "CROSSDOCK_ALERT_WEBHOOK" in run()("alerts", "test", code=1)


def test_a_channel_that_no_contract_has_is_told_as_such(run: Callable[[str], Run]) -> None:
    text = 'channels:\n  "#wms-operatoins":\n    - slack: https://hooks.example/hush\n'
    said = " ".join(run(text)("alerts", "channels", columns=300).split())
    assert "no contract names it: did you mean '#wms-operations'?" in said
    operator = run("channels:\n  data-platform:\n    - slack: https://hooks.example/hush\n")
    assert "no contract names it" not in operator("alerts", "channels", columns=300)
