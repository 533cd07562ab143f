"""The kinds of ways by which an alert goes out, each with the settings that it takes."""

import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, ValidationError
from standardwebhooks import Webhook as Signer
from standardwebhooks.webhooks import EmptyWebhookSecretError

from contracts import CrossdockError
from orchestration.alerts import mail
from orchestration.environment import filled


class RoutesError(CrossdockError):
    """The list of channels cannot be used as it stands."""


class _Way(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

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

    def problem(self) -> str | None:
        try:
            Signer(self.secret)
        except (binascii.Error, EmptyWebhookSecretError, ValueError):
            return (
                "secret is no Standard Webhooks secret: whsec_ and 24 to 64 bytes in base64. "
                'Make one: echo "whsec_$(openssl rand -base64 32)"'
            )
        return _not_http(self.url, "url")


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


_HTTP = TypeAdapter(HttpUrl)


def _not_http(url: str, name: str) -> str | None:
    try:
        _HTTP.validate_python(url)
    except ValidationError:
        return f"{name or 'it'} is no URL that begins with https:// or http://"
    return None
