"""tap-easypost: the carriers behind an EasyPost account."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from singer_sdk import typing as th
from singer_sdk.exceptions import ConfigurationError

import contracts
from connectors.easypost.client import Api
from connectors.easypost.streams import EasyPostStream, ServiceLevels, Shipments, Trackers
from connectors.tap import CrossdockTap

STREAMS: dict[str, type[EasyPostStream]] = {
    "trackers": Trackers,
    "shipments": Shipments,
    "service_levels": ServiceLevels,
}


class TapEasyPost(CrossdockTap):
    """Reads trackers, shipments and service levels of an EasyPost account."""

    name = "tap-easypost"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "api_key", th.StringType, required=True, secret=True, description="EasyPost API key"
        ),
        th.Property(
            "base_url",
            th.StringType,
            default="https://api.easypost.com/v2",
            description="Address of the API, version included",
        ),
        th.Property(
            "start_date",
            th.DateTimeType,
            description="Begin with what was created after this; else the API decides (a month)",
        ),
        th.Property(
            "lookback_days",
            th.NumberType(minimum=0),
            default=60,
            description="Watch nothing that was created longer ago than this",
        ),
        th.Property(
            "settle_days",
            th.NumberType(minimum=0),
            default=7,
            description="Watch what was delivered for so long, since scans come late",
        ),
        th.Property(
            "page_size",
            th.IntegerType(minimum=1, maximum=100),
            default=100,
            description="Things a page",
        ),
        th.Property(
            "retries",
            th.IntegerType(minimum=0),
            default=6,
            description="Tries again when the API is busy (429), broken (5xx) or out of reach",
        ),
        th.Property(
            "timeout_s",
            th.NumberType(exclusive_minimum=0),
            default=60,
            description="Longest silence",
        ),
        th.Property(
            "contract", th.StringType, default="carrier", description="Source contract to follow"
        ),
    ).to_dict()

    @cached_property
    def api(self) -> Api:
        """The account that the settings name."""
        return Api(
            self.config["base_url"],
            self.config["api_key"],
            retries=self.config["retries"],
            timeout_s=float(self.config["timeout_s"]),
        )

    def discover_streams(self) -> Sequence[EasyPostStream]:
        """Give one stream a table of the contract."""
        name = self.config["contract"]
        found = []
        for table in contracts.read(f"sources/{name}").tables:
            if table.name not in STREAMS:
                raise ConfigurationError(
                    f"Contract sources/{name} has a table '{table.name}', but tap-easypost reads "
                    f"only {', '.join(STREAMS)}."
                )
            found.append(STREAMS[table.name](self, table))
        return found


if __name__ == "__main__":
    TapEasyPost.cli()
