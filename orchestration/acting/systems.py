"""systems.yaml: which systems are asked to act, and by which way each is reached."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

import contracts.document
from contracts import CrossdockError
from contracts.document import choices
from orchestration.environment import NotFilled, filled
from orchestration.settings import Settings


class SystemsError(CrossdockError):
    """The list of systems cannot be used as it stands."""


class _Way(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Webhook(_Way):
    """An HTTP API that takes an action as JSON, once for each Idempotency-Key.

    The answers that count: 2xx accepted; 400, 404, 409, 410, 413, 415, 422 refused for good;
    all else is tried again.
    """

    url: str = Field(pattern="^https?://")
    token: SecretStr | None = Field(default=None, description="Sent as a bearer token.")
    secret: SecretStr | None = Field(
        default=None, min_length=24, description="Signs each request as Standard Webhooks has it."
    )
    timeout_s: float = Field(default=10, gt=0)


class X12(_Way):
    """A folder that a partner collects X12 940s from, a file an action."""

    folder: Path
    sender: str = Field(pattern="^[A-Z0-9]{2,15}$", description="ISA06 and GS02: us.")
    receiver: str = Field(pattern="^[A-Z0-9]{2,15}$", description="ISA08 and GS03: the partner.")
    scac: Mapping[str, str] = Field(
        description="Carrier to Standard Carrier Alpha Code, W6610; what is not listed is refused."
    )


@dataclass(frozen=True)
class Own:
    """Crossdock's own breakers, which a job may open: there without being listed."""


OWN = "breakers"
KINDS: Mapping[str, type[Webhook] | type[X12]] = {"webhook": Webhook, "x12_940": X12}


@dataclass(frozen=True)
class System:
    """A system that takes actions, and the way to it."""

    name: str
    way: Webhook | X12 | Own


@dataclass(frozen=True)
class Systems:
    """The systems that can be reached, and why each other one cannot."""

    reached: Mapping[str, System]
    missing: Mapping[str, str]

    def why_not(self, name: str) -> str:
        """Say why nothing can be sent to a system."""
        return self.missing.get(
            name, f"systems.yaml has no '{name}'. {choices(name, [*self.reached, *self.missing])}"
        )


def systems(settings: Settings) -> Systems:
    """Read the list; a system whose variables are not set is missing, and stops no other.

    Raises SystemsError for a key or a way that means nothing, ContractError for what is no YAML.
    """
    path = settings.systems
    listed = contracts.document.parsed(path).data.get("systems")
    if not isinstance(listed, dict):
        raise SystemsError(f"{path.name} must have the key systems, with an entry a system.")
    reached, missing = {OWN: System(OWN, Own())}, {}
    for name, entry in listed.items():
        where = f"{path.name}: systems.{name}"
        if name == OWN:
            raise SystemsError(f"{where} is Crossdock's own and stands in no list. Rename yours.")
        try:
            reached[name] = System(name, _way(where, entry))
        except NotFilled as error:
            missing[name] = str(error)
    return Systems(reached, missing)


def _way(where: str, entry: Any) -> Webhook | X12:
    if not isinstance(entry, dict) or len(entry) != 1:
        raise SystemsError(f"{where} must have one key, its way. Ways: {', '.join(KINDS)}.")
    ((kind, given),) = entry.items()
    if kind not in KINDS:
        raise SystemsError(f"{where}: '{kind}' is no way. {choices(kind, [*KINDS])}")
    try:
        return KINDS[kind].model_validate(filled(given, where))
    except ValidationError as error:
        detail = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        keys = ", ".join(KINDS[kind].model_fields)
        raise SystemsError(f"{where}: {kind}: {detail}. It takes: {keys}.") from None
