"""The hub that a process works on: its settings, its lake and its releases."""

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import contracts
from contracts import Contract
from orchestration import decision_tables
from orchestration.settings import ROOT, Settings, load
from orchestration.sources import listed_contracts
from warehouse import extensions
from warehouse.lake import Lake
from warehouse.releases import Releases


@dataclass(frozen=True)
class Hub:
    """Settings, lake and releases of one CROSSDOCK_HOME."""

    settings: Settings

    @classmethod
    def open(cls) -> "Hub":
        """Open the hub that the environment names; the lake is created where there is none."""
        hub = cls(load())
        hub.lake.create()
        hub.export()
        return hub

    @cached_property
    def lake(self) -> Lake:
        """The lake, where rows live."""
        url = self.settings.catalog
        # An empty URL is SQLite for certain: the environment was asked by the settings already.
        return Lake(self.settings.home, url.get_secret_value() if url else "")

    @cached_property
    def releases(self) -> Releases:
        """The published snapshots."""
        return Releases(self.lake)

    def contracts(self, layer: str | None = None) -> tuple[Contract, ...]:
        """Return the contracts of a layer, or of those that a release stands on.

        Of the sources those that are listed, and the steward, who is a source of every hub:
        `crossdock tasks` feeds it, not a tap.
        """
        if layer == "decisions":
            return (decision_tables.contract(),)
        of_sources: tuple[Contract, ...] = ()
        if layer != "canonical":
            steward = contracts.read("sources/steward")
            of_sources = (*listed_contracts(self.settings.sources), steward)
        return (*of_sources, *(contracts.read_all("canonical") if layer != "sources" else ()))

    def export(self) -> None:
        """Tell dbt and Dagster, which read the environment, where this hub is."""
        home = self.settings.home
        (home / "dagster").mkdir(parents=True, exist_ok=True)
        beside = str(Path(sys.executable).parent)  # dbt and the taps, when nothing is activated
        path = os.environ.get("PATH", "").split(os.pathsep)
        os.environ |= {
            "PATH": os.pathsep.join([beside, *(part for part in path if part != beside)]),
            "CROSSDOCK_HOME": str(home),
            "CROSSDOCK_EXTENSIONS": str(extensions.directory()),
            "CROSSDOCK_DAGSTER": str(home / "dagster"),
            "DAGSTER_HOME": str(ROOT),
            "DBT_TARGET_PATH": str(self.settings.dbt_target),
            "DBT_LOG_PATH": str(self.settings.dbt_target / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            **self.lake.catalog.environment(),
        }
        if self.settings.catalog:  # it may stand in the home's own settings only
            os.environ["CROSSDOCK_CATALOG"] = self.settings.catalog.get_secret_value()
