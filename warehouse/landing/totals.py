"""What a load did so far, and when too much of it is held back to go on."""

from collections.abc import Iterable
from dataclasses import dataclass

from warehouse.errors import LandingError
from warehouse.landing.settings import Settings
from warehouse.ledger import Entry

# Fewer units than this say nothing about the share that is held back.
JUDGED_UNITS = 100


@dataclass
class Totals:
    """Units that a load read, and where they ended."""

    emitted: int = 0
    loaded: int = 0
    quarantined: int = 0

    def add(self, entries: Iterable[Entry]) -> None:
        """Count a batch that was committed."""
        for entry in entries:
            self.emitted += entry.emitted
            self.loaded += entry.loaded
            self.quarantined += entry.quarantined

    def refuse_share(self, settings: Settings) -> None:
        """Raise LandingError when more is held back than the settings allow."""
        held, limit = self.quarantined, settings.max_quarantine_share
        if self.emitted >= JUDGED_UNITS and held > limit * self.emitted:
            raise LandingError(
                f"{held} of {self.emitted} units of '{settings.source}' were held back, more "
                f"than max_quarantine_share={limit:g} allows. What was read is committed; look at "
                "it with `crossdock quarantine list`, mend the source or its contract, run again."
            )
