"""The list of sources: one YAML, secrets from the environment."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

import contracts
from contracts import Contract, CrossdockError
from orchestration.environment import NotFilled, filled

_SECRET_NAME = re.compile(r"pass|secret|token|key|credential", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(?<=://)[^/@\s]*:[^/@\s]+(?=@)")


@cache
def _own_taps() -> frozenset[str]:
    """Return the taps that this distribution brings; only they know the setting `contract`."""
    scripts = distribution("crossdock").entry_points.select(group="console_scripts")
    return frozenset(script.name for script in scripts if script.name.startswith("tap-"))


class SourcesError(CrossdockError):
    """The list of sources cannot be used as it stands."""


class Source(BaseModel):
    """A source: its name (contract, schema and asset prefix), its tap and the tap's settings."""

    model_config = ConfigDict(extra="forbid")

    name: str
    tap: str = Field(description="Name of the tap's command.")
    config: dict[str, Any] = Field(default_factory=dict, repr=False)
    target: dict[str, Any] = Field(
        default_factory=dict, description="Settings of target-crossdock for this source."
    )

    def resolved(self, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the tap's settings with every ${NAME} replaced from the environment.

        Raises SourcesError that names the variable and where it is used.
        """
        try:
            config: dict[str, Any] = filled(self.config, f"Source {self.name}: config", environment)
        except NotFilled as error:
            raise SourcesError(str(error)) from None
        return {"contract": self.name, **config} if self.tap in _own_taps() else config

    def secrets(self, environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """Return the values that no log may show: by the setting's name, and passwords in URLs."""
        found: list[str] = []
        for key, value in self.resolved(environment).items():
            if not isinstance(value, str) or not value:
                continue
            if _SECRET_NAME.search(key):
                found.append(value)
            found += [match.split(":", 1)[1] for match in _URL_PASSWORD.findall(value)]
        return tuple(found)


def listed_contracts(path: Path) -> tuple[Contract, ...]:
    """Return the contracts of the listed sources: the only ones that anything is asked of.

    Raises ContractError for a source that has no contract.
    """
    return tuple(contracts.read(f"sources/{source.name}") for source in read(path))


def read(path: Path) -> tuple[Source, ...]:
    """Read the list of sources, in the order of the file.

    Raises SourcesError for a file that is missing, is not YAML, or has keys that mean nothing.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SourcesError(
            f"There is no list of sources at {path}. Copy sources.yaml from the project, "
            "or say where yours is with CROSSDOCK_SOURCES."
        ) from None
    except yaml.YAMLError as error:
        raise SourcesError(f"{path} is not YAML: {error}") from None
    if not isinstance(document, dict) or set(document) != {"sources"}:
        raise SourcesError(f"{path} must have one key, 'sources', with an entry a source.")
    found = []
    for name, entry in (document["sources"] or {}).items():
        try:
            found.append(Source(name=name, **(entry or {})))
        except (ValidationError, TypeError) as error:
            detail = (
                "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
                if isinstance(error, ValidationError)
                else str(error)
            )
            raise SourcesError(
                f"{path}: source {name}: {detail}. It may have: tap, config, target."
            ) from None
    return tuple(found)
