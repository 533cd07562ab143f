"""What becomes of an action that was sent."""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["accepted", "refused", "again"]


@dataclass(frozen=True)
class Answer:
    """A receiver's answer, or that there was none.

    `accepted` and `refused` are final; `again` may have been taken or not, and is sent again under
    the same key. `reason` says why not, without anything personal or secret. `after_s` is how
    many seconds the receiver asked to wait.
    """

    outcome: Outcome
    reason: str | None = None
    reference: str | None = None
    after_s: float | None = None
