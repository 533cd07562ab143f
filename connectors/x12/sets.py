"""What a transaction set hands to the function that makes its records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from connectors.x12.reader import Segment

ABSENT = Segment("", (), 0, 0)
"""Stands for a segment that was not sent: all its elements are None."""

Found = tuple[Segment, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Body:
    """The segments between ST and SE; `zone` is the partner's, for times that name none."""

    segments: list[Segment]
    component: str
    zone: ZoneInfo
