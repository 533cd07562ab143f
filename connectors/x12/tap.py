"""tap-x12: a drop folder of X12 files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from singer_sdk import typing as th
from singer_sdk.exceptions import ConfigurationError

import contracts
from connectors import clock
from connectors.tap import CrossdockTap
from connectors.x12.client import Folder
from connectors.x12.documents import INTERCHANGES, SETS, WARNINGS, Documents
from connectors.x12.streams import STATE, Pull, X12Stream


class TapX12(CrossdockTap):
    """Reads X12 files of warehouses, suppliers and carriers from a folder."""

    name = "tap-x12"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property(
            "path", th.StringType, required=True, description="Folder, read with its subfolders"
        ),
        th.Property(
            "timezone",
            th.StringType,
            required=True,
            description="IANA zone of the partner's times, like America/New_York; X12 names none",
        ),
        th.Property("glob", th.StringType, default="**/*", description="Which files to read"),
        th.Property(
            "settle_seconds",
            th.NumberType(minimum=0),
            default=0,
            description="Leave a file that changed less than so long ago for the next run",
        ),
        th.Property(
            "contract", th.StringType, default="threepl", description="Source contract to follow"
        ),
    ).to_dict()

    def discover_streams(self) -> Sequence[X12Stream]:
        """Give one stream a table of the contract."""
        known = [*SETS, INTERCHANGES, WARNINGS]
        for name in self._tables:
            if name not in known:
                raise ConfigurationError(
                    f"Contract sources/{self.config['contract']} has a table '{name}', but tap-x12 "
                    f"reads only {', '.join(known)}."
                )
        return [X12Stream(self, table) for table in self._tables.values()]

    @cached_property
    def pull(self) -> Pull:
        """The one read of the folder that this run makes."""
        selected = {stream.name for stream in self.streams.values() if stream.selected}
        state = self.state.get("bookmarks", {}).get(STATE, {})
        # A stream that was not selected before has yet to see the files that the others saw.
        known = state.get("read", {}) if selected <= set(state.get("streams", [])) else {}
        folder = Folder(
            Path(self.config["path"]),
            self.config["glob"],
            float(self.config["settle_seconds"]),
            self.logger,
            dict(known),
        )
        zone = clock.zone(self.config["timezone"], "timezone")
        return Pull(folder, Documents(self._tables, zone), selected)

    @cached_property
    def _tables(self) -> dict[str, contracts.Table]:
        contract = contracts.read(f"sources/{self.config['contract']}")
        return {table.name: table for table in contract.tables}


if __name__ == "__main__":
    TapX12.cli()
