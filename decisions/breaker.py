"""A circuit breaker: what acts through a scope is stopped while the scope fails, then probed.

A scope is `kind:name`: `job:source_orders`, `system:wms`, `node:NJ01`, `carrier:UPS`. The states
are those of Nygard, Release It! (2007): closed, open, half-open. Time comes as an argument.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

State = Literal["closed", "open", "half_open"]
CLEAN, FAILED = "1", "0"


class BreakerPolicy(BaseModel):
    """When breakers of a kind of scope open, and how they close again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    failures: int = Field(
        default=5, ge=1, description="Failures that open it, at most as many as `of` ..."
    )
    of: int = Field(default=20, ge=1, le=1000, description="... among as many last outcomes.")
    cooldown: timedelta = Field(
        default=timedelta(hours=1), description="How long it stays open before it is probed."
    )
    probes: int = Field(
        default=3, ge=1, description="Actions that may be on their way at once while it is probed."
    )
    clean_probes: int = Field(default=3, ge=1, description="Clean outcomes that close it.")
    closes: Literal["itself", "person"] = Field(
        default="itself", description="Whether clean probes close it, or only a person's word."
    )

    @model_validator(mode="after")
    def _can_open(self) -> "BreakerPolicy":
        if self.failures > self.of:
            raise ValueError(f"{self.failures} failures of the last {self.of} can never be")
        return self


@dataclass(frozen=True, slots=True)
class Breaker:
    """A scope's breaker.

    `recent` has an outcome a character, the newest last; while it is half open, those of the
    probes alone. `since` is when its state began, `reason` why. `held_by` is the person who opened
    it: then it is not probed, and closes for nobody but a person.
    """

    scope: str
    state: State = "closed"
    since: datetime | None = None
    reason: str | None = None
    recent: str = ""
    held_by: str | None = None

    @property
    def kind(self) -> str:
        """What it guards: job, system, node, carrier, source."""
        return self.scope.partition(":")[0]


def trip(breaker: Breaker, at: datetime, reason: str, held_by: str | None = None) -> Breaker:
    """Open it; one that is open stays as it is, with the reason that it has.

    `held_by` is the person who says so, also of one that opened by itself.
    """
    if breaker.state == "open":
        return replace(breaker, held_by=breaker.held_by or held_by)
    return replace(breaker, state="open", since=at, reason=reason, recent="", held_by=held_by)


def close(breaker: Breaker, at: datetime, reason: str) -> Breaker:
    """Close it, whatever state it is in; its failures are forgotten."""
    return replace(breaker, state="closed", since=at, reason=reason, recent="", held_by=None)


def cooled(breaker: Breaker, at: datetime, policy: BreakerPolicy) -> Breaker:
    """Half-open one that has been open for its cool-down, unless a person holds it open."""
    if breaker.state != "open" or breaker.since is None or breaker.held_by is not None:
        return breaker
    if at - breaker.since < policy.cooldown:
        return breaker
    return replace(breaker, state="half_open", since=at, recent="")


def observed(
    breaker: Breaker, at: datetime, policy: BreakerPolicy, *, is_clean: bool, what: str = "failure"
) -> Breaker:
    """Take in how an action went: `what` names the failure, for the reason.

    While it is open an outcome changes nothing: it is of an action sent before.
    """
    if breaker.state == "open":
        return breaker
    recent = (breaker.recent + (CLEAN if is_clean else FAILED))[-policy.of :]
    seen = replace(breaker, recent=recent)
    failures = recent.count(FAILED)
    if breaker.state == "half_open":
        if failures:
            return trip(breaker, at, f"a probe failed: {what}")
        if len(recent) >= policy.clean_probes and policy.closes == "itself":
            return close(breaker, at, f"{len(recent)} clean probes")
        return seen
    if failures >= policy.failures:
        return trip(breaker, at, f"{failures} of the last {len(recent)} failed, the last: {what}")
    return seen


def permitted(breaker: Breaker, policy: BreakerPolicy, on_their_way: int) -> int | None:
    """How many more actions may be sent through it now; None where it sets no limit.

    `on_their_way` are those that were sent and not yet answered.
    """
    if breaker.state == "closed":
        return None
    if breaker.state == "open":
        return 0
    # Enough clean ones, and a person has to say so: nothing more until then.
    left = policy.clean_probes - len(breaker.recent)
    return max(0, min(policy.probes, left) - on_their_way)
