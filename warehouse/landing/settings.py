"""The settings of `target-crossdock`, each declared once."""

import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.landing.merge import LoadMethod

# Schemas of the lake that are not a source's.
RESERVED = frozenset({"canonical", "decisions", "hub", "information_schema", "intermediate"}) | {
    "main",
    "pg_catalog",
    "staging",
    "temp",
}
SOURCE = re.compile(r"[a-z][a-z0-9_]{0,62}")


def new_load_id() -> str:
    """Return an id that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(4)}"


class StreamSettings(BaseModel):
    """What one stream does otherwise than the rest."""

    model_config = ConfigDict(extra="forbid")

    load_method: LoadMethod | None = Field(None, description="upsert, append-only or overwrite")


class Settings(BaseSettings):
    """What the target needs to know; also from the environment as TARGET_CROSSDOCK_<NAME>."""

    model_config = SettingsConfigDict(
        env_prefix="TARGET_CROSSDOCK_", extra="forbid", populate_by_name=True
    )

    home: Annotated[
        Path,
        Field(
            Path(".crossdock"),
            # By its bare name it would be read from HOME, the folder of the user.
            validation_alias=AliasChoices("TARGET_CROSSDOCK_HOME", "CROSSDOCK_HOME"),
            description="The home folder that holds the lake.",
        ),
    ]
    source: str = Field(description="The source's name: the schema that its streams land in.")
    load_id: str = Field(
        default_factory=new_load_id,
        description="The load's id, sortable by time; the same id resumes a load.",
    )
    load_method: LoadMethod = Field(
        LoadMethod.UPSERT, description="upsert, append-only or overwrite, for streams with a key."
    )
    stream_settings: dict[str, StreamSettings] = Field(
        default_factory=dict, description="A stream's own load_method."
    )
    hard_delete: bool = Field(
        False, description="Delete rows instead of marking them with _sdc_deleted_at."
    )
    naive_timezone: str | None = Field(
        None, description="IANA zone of date-times without an offset; else they are held back."
    )
    batch_rows: int = Field(250_000, ge=1, description="Rows a commit, about.")
    batch_bytes: int = Field(64 << 20, ge=1, description="Bytes a commit, about.")
    batch_seconds: float = Field(
        30, gt=0, description="What came is committed after so long, when the tap is slow."
    )
    batch_root: Path | None = Field(
        None, description="The folder in which the files of BATCH messages must lie."
    )
    max_line_bytes: int = Field(64 << 20, ge=1024, description="A longer line is held back.")
    max_depth: int = Field(100, ge=2, le=500, description="Deeper JSON is held back.")
    max_values: int = Field(
        1_000_000, ge=100, description="A line of more JSON values is held back."
    )
    max_columns: int = Field(1600, ge=1, description="A wider schema is held back.")
    max_quarantine_share: float = Field(
        1.0, ge=0, le=1, description="The load stops when a larger share is held back."
    )
    lock_timeout_s: float = Field(600, ge=0, description="How long to wait for another load.")

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone of date-times without an offset."""
        return ZoneInfo(self.naive_timezone) if self.naive_timezone else None

    @field_validator("source")
    @classmethod
    def _source_is_a_schema(cls, value: str) -> str:
        if not SOURCE.fullmatch(value) or value in RESERVED:
            raise ValueError(
                "a source is named in lower-case letters, digits and _, and none of "
                + ", ".join(sorted(RESERVED))
            )
        return value

    @field_validator("load_id")
    @classmethod
    def _load_id_is_plain(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9._:-]{1,120}", value):
            raise ValueError("a load_id has 1 to 120 letters, digits and . _ : -")
        return value

    @field_validator("naive_timezone")
    @classmethod
    def _zone_exists(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError):
                raise ValueError("no IANA time zone, such as UTC or America/New_York") from None
        return value
