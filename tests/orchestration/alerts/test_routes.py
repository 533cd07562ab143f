"""Where an alert goes: the channel, else the owner, else the default; mistakes are refused."""

import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.alerts.routes import Routes, routes
from orchestration.alerts.targets import RoutesError, Slack, Target
from orchestration.environment import NotFilled
from orchestration.settings import Settings

FILE = """
channels:
  "#wms-data":
    - slack: ${WMS_HOOK}
    - email: {to: [a@example.com], from: c@example.com, smtp: "smtp://u:${PASSWORD}@mail:587"}
  data-platform:
    - webhook: {url: "https://hook.example.com/x", secret: "${SECRET}"}
    - apprise: ${PAGER}
default:
  - slack: ${DEFAULT_HOOK}
"""
Read = Callable[[str], Routes]


def _keys(targets: tuple[Target, ...]) -> list[str]:
    """Without what tells targets of one kind apart."""
    return [target.key.rpartition("/")[0] for target in targets]


def test_the_channel_comes_first_then_the_owner_then_the_default(routed: Read) -> None:
    found = routed(FILE)
    assert _keys(found.to("#wms-data", "data-platform")) == [
        "#wms-data/slack",
        "#wms-data/email",
    ]
    assert _keys(found.to("#other", "data-platform")) == [
        "data-platform/webhook",
        "data-platform/apprise",
    ]
    assert _keys(found.to("#other", "others")) == ["default/slack"]
    assert routed("channels: {a: [{slack: x}]}").to("#other", "others") == ()


def test_every_target_is_found_again_by_its_key(routed: Read) -> None:
    found = routed(FILE)
    assert len(list(found)) == 5
    assert all(found.find(target.key) == target for target in found)
    assert found.find("#wms-data/email/000000") is None


def test_a_line_put_before_a_target_leaves_its_key_and_another_url_does_not(routed: Read) -> None:
    (before,) = routed("default: [{slack: '${HOOK}'}]").default
    other, after = routed("default: [{slack: '${OTHER}'}, {slack: '${HOOK}'}]").default
    assert after.key == before.key != other.key


def test_without_a_list_the_alert_webhook_is_the_default_and_without_that_nobody_is() -> None:
    assert list(routes(Settings(alert_webhook=None))) == []
    (target,) = routes(Settings(alert_webhook="https://h.example/a$b")).to("#any", "any")
    assert target.key == "default/slack/webhook"
    assert target.filled({}) == Slack(url="https://h.example/a$b")
    assert "h.example" not in repr(target)


def test_a_list_that_was_named_and_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RoutesError, match="CROSSDOCK_CHANNELS"):
        routes(Settings(channels=tmp_path / "chanels.yaml", alert_webhook="https://h.example/"))


def test_values_come_from_the_environment(routed: Read) -> None:
    (first, *_) = routed(FILE).to("#wms-data", "")
    assert first.filled({"WMS_HOOK": "https://hooks.example/T0"}) == Slack(
        url="https://hooks.example/T0"
    )


def test_a_variable_that_is_not_set_is_named_and_silences_no_other_target(routed: Read) -> None:
    found = routed(FILE)
    with pytest.raises(
        NotFilled, match=r"#wms-data\[1\]\.email\.smtp needs .* PASSWORD.*Export it"
    ):
        found.to("#wms-data", "")[1].filled({})
    assert found.default[0].filled({"DEFAULT_HOOK": "https://h.example/"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("default: [{slak: x}]", r"default\[0\]: 'slak' is no kind.*Did you mean 'slack'.*apprise"),
        ("defalt: [{slack: x}]", r"unknown key 'defalt'. Did you mean 'default'\?"),
        (
            "default: [{webhook: {url: 'https://a', secrt: x}}]",
            r"secrt: Extra inputs.*It takes: url, secret",
        ),
        ("default: [{email: {to: [], from: a, smtp: b}}]", "to: .*It takes: to, from, smtp"),
        ("default: [{email: a@example.com}]", "email takes: to, from, smtp"),
        ("default: [{slack: {url: x}}]", "slack takes a URL"),
        ("default: [{slack: x, email: y}]", "must have one key, its kind. Kinds: slack, email"),
        ("default: []", "default must have a list of targets, one or more"),
        ("channels:\n  #wms:\n  - slack: x", 'need quotes \\("#wms-data":\\)'),
        ("channels: {default: [{slack: x}]}", "stands beside channels"),
        ("- a", "must have the keys channels and default"),
        ("", "must have the keys channels and default"),
        ("default: [", "is not YAML"),
    ],
)
def test_a_mistake_in_the_list_is_refused_with_what_may_stand_there(
    routed: Read, text: str, said: str
) -> None:
    with pytest.raises(RoutesError, match=said):
        routed(text)


HUSH = "hush-s3cret"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (f"slack: ftp://x/{HUSH}", r"slack: it is no URL that begins with https://"),
        (f"slack: {HUSH}", r"slack: it is no URL"),
        (f"apprise: {HUSH}", r"apprise: it is no Apprise URL"),
        (f'webhook: {{url: "https://x.example", secret: "{HUSH}-é"}}', r"webhook: secret is no"),
        (
            f'email: {{to: [a@example.com], from: c@example.com, smtp: "smtp://u:{HUSH}@:x"}}',
            r"email: smtp is no URL",
        ),
        (
            f'email: {{to: [a@example.com, "b\\nBcc: {HUSH}@x.example"], from: c@example.com, '
            'smtp: "smtp://mail"}',
            r"email: to\[1\] is no address",
        ),
    ],
)
def test_a_value_that_cannot_be_is_refused_without_showing_it(
    one: Callable[[str], Target], entry: str, said: str
) -> None:
    target = one(entry)
    with pytest.raises(RoutesError, match=said) as refused:
        target.filled({})
    assert HUSH not in "".join(traceback.format_exception(refused.value))
    assert HUSH not in repr(target) + repr(refused.value)


def test_a_broken_file_does_not_show_the_line_that_broke_it(routed: Read) -> None:
    with pytest.raises(RoutesError) as refused:
        routed(f"default:\n  - slack: https://x/{HUSH}: {HUSH}: ]")
    assert HUSH not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("secret", ["", "zqx", HUSH, "whsec_YWJj", "whsec_", "a" * 31])
def test_a_secret_too_short_to_be_one_is_refused_as_the_list_is_read_without_showing_it(
    routed: Read, secret: str
) -> None:
    entry = f'{{url: "https://hook.example/x", secret: "{secret}"}}'
    with pytest.raises(RoutesError, match=r"#ops\[0\]\.webhook: secret is too short") as refused:
        routed(f'channels:\n  "#ops":\n    - webhook: {entry}\n')
    said = str(refused.value)
    assert "can be guessed" in said and "32 bytes" in said and "openssl rand" in said
    shown = "".join(traceback.format_exception(refused.value)) + repr(refused.value)
    assert not (bare := secret.removeprefix("whsec_")) or bare not in shown


@pytest.mark.parametrize("secret", ["whsec_" + "A" * 32, "0123456789abcdef" * 4])
def test_a_secret_of_24_bytes_or_more_is_taken_with_or_without_its_prefix(
    routed: Read, secret: str
) -> None:
    entry = f'{{url: "https://hook.example/x", secret: "{secret}"}}'
    (target,) = routed(f"default: [webhook: {entry}]").default
    assert target.filled({})


def test_a_short_secret_of_the_environment_is_refused_at_its_target_and_silences_no_other(
    routed: Read,
) -> None:
    found = routed(FILE).to("", "data-platform")
    with pytest.raises(RoutesError, match="secret is too short") as refused:
        found[0].filled({"SECRET": HUSH})
    assert HUSH not in str(refused.value)
    assert found[1].filled({"PAGER": "json://pager.example"})
