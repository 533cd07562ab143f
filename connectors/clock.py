"""Local times of a source that names no zone in its data."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from singer_sdk.exceptions import ConfigurationError


def zone(name: str, setting: str) -> ZoneInfo:
    """Find an IANA time zone; raises ConfigurationError that names the setting."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ConfigurationError(
            f"Setting '{setting}': '{name}' is no IANA time zone, like UTC or America/New_York."
        ) from None


def is_uncertain(moment: datetime, place: ZoneInfo) -> bool:
    """Whether the clocks of a zone show this time twice or never (a change of summer time)."""
    if place.key == "UTC":
        return False
    early = moment.replace(tzinfo=place, fold=0).utcoffset()
    return early != moment.replace(tzinfo=place, fold=1).utcoffset()
