"""Where things are and how the hub behaves: every setting once, from CROSSDOCK_* variables."""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

# Settings of one home, as NAME=value lines; the demo keeps its simulated clock there.
OWN_SETTINGS = "settings.env"
ROOT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """The hub's settings; each is the environment variable CROSSDOCK_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="CROSSDOCK_", extra="ignore")

    home: Path = Field(
        default=ROOT / ".crossdock",
        description="Folder that holds the lake, the releases and Dagster's history.",
    )
    catalog: SecretStr | None = Field(
        default=None,
        description="URL of the PostgreSQL database that holds the lake's catalog, for several "
        "machines: postgresql://user@host:5432/database. A SQLite file in the home when not set. "
        "Its password may be in PGPASSWORD or PGPASSFILE instead.",
        json_schema_extra={"secret": True},
        repr=False,
    )
    sources: Path = Field(
        default=ROOT / "sources.yaml", description="The list of sources that are pulled."
    )
    channels: Path = Field(
        default=ROOT / "channels.yaml",
        description="Who is told of what breaks: targets by a contract's channel or owner. Without "
        "the file all alerts go to the alert webhook.",
    )
    policies: Path = Field(
        default=ROOT / "policies.yaml",
        description="What the business allows each decision job; the defaults without the file.",
    )
    systems: Path = Field(
        default=ROOT / "systems.yaml", description="The list of systems that actions are sent to."
    )
    now: datetime | None = Field(
        default=None,
        description="The instant against which freshness is judged (ISO 8601 with its zone); "
        "the wall clock when not set. The demo sets it to its simulated network's clock.",
    )
    lock_timeout_s: float = Field(
        default=600, description="How long a run waits for another one's commit before it gives up."
    )
    keep_days: float = Field(
        default=7,
        ge=0,
        description="How long `crossdock maintain` keeps the lake's history, and old releases.",
    )
    keep_releases: int = Field(
        default=30, ge=1, description="How many releases it keeps, however old they are."
    )
    pulls_at_once: int = Field(
        default=4, ge=1, description="How many sources are pulled at the same time."
    )
    operator: str = Field(
        default="data-platform",
        description="The team that hears of a run that fails; its channel is # and its name.",
    )
    url: str | None = Field(
        default=None,
        description="Where people open Dagster's UI, for the links in alerts: "
        "https://crossdock.example.com.",
    )
    alert_webhook: str | None = Field(
        default=None,
        description="URL that gets every alert while there is no list of channels "
        "(Slack-compatible).",
        json_schema_extra={"secret": True},
        repr=False,
    )

    def clock(self) -> datetime:
        """Return the instant that counts as now, in UTC."""
        return (self.now or datetime.now(UTC)).astimezone(UTC)

    @property
    def transforms(self) -> Path:
        """The dbt project."""
        return ROOT / "transforms"

    @property
    def dbt_target(self) -> Path:
        """Where dbt writes its manifest, compiled SQL and logs."""
        return self.home / "dbt"


def load() -> Settings:
    """Read the settings: the environment's, then those that stand in the home; paths absolute."""
    home = Settings().home.expanduser().resolve()
    settings = Settings(_env_file=home / OWN_SETTINGS)
    settings.home = home
    settings.sources = settings.sources.expanduser().resolve()
    settings.channels = settings.channels.expanduser().resolve()
    settings.policies = settings.policies.expanduser().resolve()
    settings.systems = settings.systems.expanduser().resolve()
    return settings
