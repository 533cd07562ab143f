"""The kinds of ways by which an alert goes out, each with the settings that it takes."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, ValidationError
from standardwebhooks import Webhook as Signer
from standardwebhooks.webhooks import EmptyWebhookSecretError

from contracts import CrossdockError
from orchestration.alerts import mail
from orchestration.environment import filled

# What Standard Webhooks asks of a secret at least, in bytes: who guesses it can sign as we do.
# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
SHORTEST = 24
_MAKE = 'Make one of 32 bytes: echo "whsec_$(openssl rand -base64 32)"'


class RoutesError(CrossdockError):
    """The list of channels cannot be used as it stands."""


class _Way(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    def flaw(self) -> str | None:
        """Say what no environment can mend of it as it stands in the file, without showing it."""
        return None

    def problem(self) -> str | None:
        """Say what is wrong with its values once they are filled in, without showing them."""
        raise NotImplementedError


class Slack(_Way):
    """An incoming webhook of Slack, or of what takes the same JSON."""

    url: str = Field(repr=False)

    def problem(self) -> str | None:
        return _not_http(self.url, "")


class Email(_Way):
    """An e-mail to some addresses, through an SMTP server."""

    to: list[str] = Field(min_length=1)
    sender: str = Field(alias="from")
    smtp: str = Field(repr=False)

    def problem(self) -> str | None:
        if mail.server(self.smtp) is None:
            return "smtp is no URL such as smtp://user:password@mail.example.com:587 or smtps://…"
        for place, address in (("from", self.sender), *((f"to[{i}]", a) for i, a in self._to())):
            if not mail.is_address(address):
                return f"{place} is no address such as name@example.com"
        return None

    def _to(self) -> list[tuple[int, str]]:
        return list(enumerate(self.to))


class Webhook(_Way):
    """A URL that gets the alert as JSON, signed as Standard Webhooks has it."""

    url: str = Field(repr=False)
    secret: str = Field(repr=False)

    def flaw(self) -> str | None:
        return None if "$" in self.secret else _too_short(self.secret)

    def problem(self) -> str | None:
        try:
            Signer(self.secret)
        except EmptyWebhookSecretError:
            return _too_short("")
        except ValueError:  # of base64 too
            return (
                f"secret is no Standard Webhooks secret: whsec_ and {SHORTEST} to 64 bytes in "
                f"base64. {_MAKE}"
            )
        return _too_short(self.secret) or _not_http(self.url, "url")


class Apprise(_Way):
    """Any URL of Apprise: Teams, PagerDuty, Telegram, …"""

    url: str = Field(repr=False)

    def problem(self) -> str | None:
        return None if "://" in self.url else "it is no Apprise URL such as pagerduty://…"


Way = Slack | Email | Webhook | Apprise
KINDS: dict[str, type[Way]] = {
    "slack": Slack,
    "email": Email,
    "webhook": Webhook,
    "apprise": Apprise,
}


@dataclass(frozen=True)
class Target:
    """One place that alerts go to, under a key that holds no secret and stays the same.

    ``where`` names its place in the file, for errors.
    """

    key: str
    kind: str
    where: str
    settings: Way = field(repr=False)

    @property
    def is_of_environment(self) -> bool:
        """Whether a value of it comes from the environment, which may be mended."""
        return "$" in self.settings.model_dump_json()

    def filled(self, environment: Mapping[str, str] | None = None) -> Way:
        """Return its settings with every ${NAME} replaced from the environment.

        Raises NotFilled for a variable that is not set, RoutesError for a value that cannot be;
        neither shows a value.
        """
        values = filled(self.settings.model_dump(by_alias=True), self.where, environment)
        way = type(self.settings).model_validate(values)
        if problem := way.problem():
            raise RoutesError(f"{self.where}: {problem}.")
        return way


def _too_short(secret: str) -> str | None:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_") + "==")  # as Signer reads it
    except ValueError:
        return None  # no secret at all, which `problem` says
    if len(key) >= SHORTEST:
        return None
    return (
        f"secret is too short: under {SHORTEST} bytes it can be guessed, and whoever guesses it "
        f"can send messages in your name. {_MAKE}"
    )


_HTTP = TypeAdapter(HttpUrl)


def _not_http(url: str, name: str) -> str | None:
    try:
        _HTTP.validate_python(url)
    except ValidationError:
        return f"{name or 'it'} is no URL that begins with https:// or http://"
    return None
