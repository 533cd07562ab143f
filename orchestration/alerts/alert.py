"""An alert: what one message about one incident says, whoever gets it by whichever way."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from orchestration.incidents import Event

Severity = Literal["error", "warning"]
# Both become headers. No full stop: a webhook's signature is over id.timestamp.body.
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_:/-]{1,200}$")]

# A run tells at its end what it found at its beginning; Dagster's sensor comes once a minute.
USUAL = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, config=ConfigDict(hide_input_in_errors=True))
class Alert:
    """What is told of an incident: what broke, whose it is, what it blocks, and the mend.

    ``id`` stays the same over retries, so that a receiver can drop a repeat; ``incident`` is the
    short id that all alerts of one incident share. ``what`` gives example keys and never personal
    data. ``channel`` and ``owner`` are the contract's, and ``system`` is whose data it is.
    ``blocked`` names decision jobs, and 'release'; ``also`` the rules that fail downstream of it.
    ``occurred_at`` is when the event happened, ``since`` when the incident began, ``sent_at`` when
    this try to send it was made. ``is_first`` is true of an end before which nothing of the
    incident is known to have arrived: it tells the beginning as well.
    Raises pydantic.ValidationError for what cannot be one, without its values.
    """

    id: Id
    incident: Id
    event: Event
    severity: Severity
    title: str
    what: str
    rows: int | None = None
    dataset: str
    rule: str
    source_fields: tuple[str, ...] = ()
    owner: str
    channel: str
    system: str
    since: AwareDatetime
    blocked: tuple[str, ...] = ()
    mend: str
    link: str | None = None
    occurred_at: AwareDatetime
    also: tuple[str, ...] = ()
    sent_at: AwareDatetime | None = None
    is_first: bool = False

    @property
    def is_over(self) -> bool:
        """Whether what broke is mended."""
        return self.event == "resolved"

    @property
    def lasted(self) -> timedelta:
        """How long the incident had lasted when the event happened; never below zero."""
        return max(self.occurred_at - self.since, timedelta())

    @property
    def late(self) -> timedelta | None:
        """How long after the event it was sent; None if that is no longer than usual."""
        after = self.sent_at - self.occurred_at if self.sent_at else timedelta()
        return after if after > USUAL else None

    def to_json(self) -> str:
        """Return it as the JSON text that ``from_json`` reads."""
        return _JSON.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> "Alert":
        """Read what ``to_json`` wrote; pydantic.ValidationError for anything else."""
        return _JSON.validate_json(text)


_JSON = TypeAdapter(Alert)
