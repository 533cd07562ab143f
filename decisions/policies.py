"""policies.yaml: what the business allows each job, its checkpoints, breakers and outbox."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from decisions.breaker import BreakerPolicy
from decisions.errors import DecisionError
from decisions.inputs import policy_of
from decisions.registry import job, jobs

KINDS = ("job", "system", "node", "carrier", "source")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CheckpointTerms(_Part):
    """How long a person has, and what is done when nobody says anything."""

    expires_after: timedelta = Field(
        default=timedelta(hours=24), gt=timedelta(), description="ISO 8601, such as PT12H."
    )
    on_expiry: Literal["reject", "approve"] = Field(
        default="reject", description="What counts as said when it expires."
    )


class Signals(_Part):
    """What opens a job's own breaker before anything of a run is sent; null is never."""

    cost_above_p95: Decimal | None = Field(
        default=Decimal("1.5"),
        gt=0,
        description="A run's cost a decision, as a multiple of the 95th percentile of the runs "
        "before it; asked from ten runs on.",
    )
    refused_share: Decimal | None = Field(
        default=Decimal("0.5"), ge=0, le=1, description="Share of a run's decisions it refused."
    )
    overridden_share: Decimal | None = Field(
        default=Decimal("0.3"),
        ge=0,
        le=1,
        description="Share of the last 20 checkpoints that people rejected; asked from five on.",
    )


class JobPolicy(_Part):
    """A job's own weights and limits, its checkpoints and its signals."""

    policy: Mapping[str, Any] = Field(
        default_factory=dict, description="The job's weights, limits and thresholds."
    )
    checkpoint: CheckpointTerms = CheckpointTerms()
    signals: Signals = Signals()


class OutboxTerms(_Part):
    """How long actions are tried, and for how long they keep what they claim."""

    give_up_after: timedelta = Field(
        default=timedelta(days=3), gt=timedelta(), description="Tries end as long after the first."
    )
    first_wait: timedelta = Field(default=timedelta(seconds=30), gt=timedelta())
    longest_wait: timedelta = Field(default=timedelta(hours=1), gt=timedelta())
    reserve_for: timedelta = Field(
        default=timedelta(days=2),
        gt=timedelta(),
        description="How long stock and demand stay claimed after an action was accepted, until a "
        "release shows it.",
    )


class Policies(_Part):
    """The whole file."""

    jobs: Mapping[str, JobPolicy] = Field(default_factory=dict)
    breakers: Mapping[str, BreakerPolicy] = Field(default_factory=dict)
    outbox: OutboxTerms = OutboxTerms()

    def of(self, name: str) -> JobPolicy:
        """What is set for a job; the defaults where nothing is."""
        return self.jobs.get(name, JobPolicy())

    def breaker(self, scope: str) -> BreakerPolicy:
        """What is set for the kind of a scope; the defaults where nothing is."""
        return self.breakers.get(scope.partition(":")[0], BreakerPolicy())


def read(document: Mapping[str, Any], where: str) -> Policies:
    """Read the file's content. Raises DecisionError: where, what, and what is valid there."""
    try:
        policies = Policies.model_validate(document)
    except ValidationError as error:
        raise DecisionError(_said(where, error)) from None
    known = sorted(jobs())
    for name, given in policies.jobs.items():
        if name not in known:
            raise DecisionError(f"{where}: jobs has no '{name}'. There are: {', '.join(known)}.")
        try:
            policy_of(job(name), given.policy)
        except DecisionError as error:
            raise DecisionError(f"{where}: jobs.{name}.policy: {error}") from None
    for kind in policies.breakers:
        if kind not in KINDS:
            raise DecisionError(f"{where}: breakers has no '{kind}'. Kinds: {', '.join(KINDS)}.")
    return policies


def _said(where: str, error: ValidationError) -> str:
    lines = []
    for each in error.errors(include_url=False):
        path = ".".join(str(part) for part in each["loc"])
        is_unknown = each["type"] == "extra_forbidden"
        said = "There is no such key here." if is_unknown else f"{each['msg']}."
        lines.append(f"{where}: {path}: {said} `crossdock decide policies --schema` tells all.")
    return "\n".join(lines)


def schema() -> dict[str, Any]:
    """The file's JSON schema, each job's own policy included, for an editor to check against."""
    whole = Policies.model_json_schema()
    entry = whole["$defs"]["JobPolicy"]
    per_job = {}
    for name, known in jobs().items():
        own = known.policy.model_json_schema()
        whole["$defs"] |= own.pop("$defs", {})
        per_job[name] = {**entry, "properties": {**entry["properties"], "policy": own}}
    whole["properties"]["jobs"] = {
        "type": "object",
        "properties": per_job,
        "additionalProperties": False,
    }
    breaker = {"$ref": "#/$defs/BreakerPolicy"}
    whole["properties"]["breakers"] = {
        "type": "object",
        "properties": dict.fromkeys(KINDS, breaker),
        "additionalProperties": False,
    }
    return whole
