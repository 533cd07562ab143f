"""channels.yaml: where the alerts of a contract's channel or owner go."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from contracts.document import choices
from orchestration.alerts.targets import KINDS, RoutesError, Slack, Target
from orchestration.settings import Settings

_KEYS = ("channels", "default")
_DEFAULT = "default"


@dataclass(frozen=True)
class Routes:
    """Targets by the name of a channel or an owner, and those of everything else."""

    by_name: Mapping[str, tuple[Target, ...]]
    default: tuple[Target, ...]

    def to(self, channel: str, owner: str) -> tuple[Target, ...]:
        """Return the targets of a channel, else of its owner, else the default; may be none."""
        return self.by_name.get(channel) or self.by_name.get(owner) or self.default

    def find(self, key: str) -> Target | None:
        """Return the target of a key; None when the file has it no more."""
        return next((target for target in self if target.key == key), None)

    def __iter__(self) -> Iterator[Target]:
        for targets in self.by_name.values():
            yield from targets
        yield from self.default


def routes(settings: Settings) -> Routes:
    """Read the list of channels; without one, everything goes to CROSSDOCK_ALERT_WEBHOOK if set.

    ${NAME} is filled in when a target is used, so that what one of them lacks silences no other.
    Raises RoutesError for a file that is not YAML, has a key or kind that means nothing, or a
    secret in it that is too short to be one.
    """
    path = settings.channels
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if path != Settings.model_fields["channels"].default:
            raise RoutesError(
                f"There is no list of channels at {path}. Write it, or mend CROSSDOCK_CHANNELS."
            ) from None
        return Routes({}, _of_webhook(settings.alert_webhook))
    except (OSError, UnicodeDecodeError) as error:
        raise RoutesError(f"{path} cannot be read: {type(error).__name__}.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        # The error itself quotes the line, which may hold a secret.
        raise RoutesError(
            f"{path} is not YAML{line}. Names that begin with # need quotes."
        ) from None
    if not isinstance(document, dict) or not document:
        raise RoutesError(f"{path} must have the keys {' and '.join(_KEYS)}, or one of them.")
    for key in document:
        if key not in _KEYS:
            raise RoutesError(f"{path}: unknown key '{key}'. {choices(key, _KEYS)}")
    channels = document.get("channels", {})
    if not isinstance(channels, dict):
        raise RoutesError(
            f"{path}: channels must have an entry a channel or owner. Names that begin with # "
            'need quotes ("#wms-data":), or YAML takes them for a comment.'
        )
    if _DEFAULT in channels:
        raise RoutesError(f"{path}: 'default' stands beside channels, not in it.")
    by_name = {str(name): _targets(path, str(name), channels[name]) for name in channels}
    default = _targets(path, _DEFAULT, document[_DEFAULT]) if _DEFAULT in document else ()
    return Routes(by_name, default)


def _of_webhook(url: str | None) -> tuple[Target, ...]:
    if not url:
        return ()
    way = Slack(url=url.replace("$", "$$"))  # as it is: it came from the environment already
    return (Target("default/slack/webhook", "slack", "CROSSDOCK_ALERT_WEBHOOK", way),)


def _targets(path: Path, name: str, entries: Any) -> tuple[Target, ...]:
    if not isinstance(entries, list) or not entries:
        raise RoutesError(
            f"{path}: {name} must have a list of targets, one or more. Kinds: {', '.join(KINDS)}."
        )
    return tuple(_target(path, name, place, entry) for place, entry in enumerate(entries))


def _target(path: Path, name: str, place: int, entry: Any) -> Target:
    where = f"{path}: {name}[{place}]"
    if not isinstance(entry, dict) or len(entry) != 1:
        raise RoutesError(f"{where} must have one key, its kind. Kinds: {', '.join(KINDS)}.")
    ((kind, given),) = entry.items()
    if kind not in KINDS:
        raise RoutesError(f"{where}: '{kind}' is no kind of target. {choices(kind, [*KINDS])}")
    way = KINDS[kind]
    keys = [field.alias or key for key, field in way.model_fields.items()]
    if keys == ["url"]:
        if not isinstance(given, str):
            raise RoutesError(f"{where}: {kind} takes a URL, such as ${{CROSSDOCK_HOOK}}.")
        given = {"url": given}
    if not isinstance(given, dict):
        raise RoutesError(f"{where}: {kind} takes: {', '.join(keys)}.")
    try:
        settings = way.model_validate(given)
    except ValidationError as error:
        detail = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise RoutesError(f"{where}: {kind}: {detail}. It takes: {', '.join(keys)}.") from None
    if flaw := settings.flaw():
        raise RoutesError(f"{where}.{kind}: {flaw}.")
    # Not its place, so that a line put before it sends nobody another's messages.
    given_as = hashlib.sha256(settings.model_dump_json(by_alias=True).encode()).hexdigest()
    return Target(f"{name}/{kind}/{given_as[:6]}", kind, f"{where}.{kind}", settings)
