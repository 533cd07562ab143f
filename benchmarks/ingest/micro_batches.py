"""Land many small loads one after the other in one process, as a scheduler would over a day.

Example: python -m benchmarks.ingest.micro_batches home rows batches
"""

import io
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.ingest.records import records, schema, state
from benchmarks.ingest.streams import STOCK
from warehouse.landing.settings import Settings
from warehouse.target import land

ROWS_A_BATCH = 50


def message_lines(numbers: Iterable[int], version: int) -> Iterable[str]:
    """Yield a stream that sends rows of `stock`, as they are at `version`."""
    yield schema(STOCK)
    yield from records("stock", numbers, version)
    yield state("stock", version)


def main(home: Path, rows: int, batches: int) -> None:
    """Change 50 rows, spread over a table of `rows`, a load."""
    step = max(1, rows // ROWS_A_BATCH)
    for batch in range(batches):
        numbers = [(batch * 7919 + k * step) % rows for k in range(ROWS_A_BATCH)]
        text = "".join(message_lines(numbers, 1000 + batch))
        # Validated from a mapping, as target.json is.
        settings = Settings.model_validate({"home": home, "source": "src"})
        land(settings, io.BytesIO(text.encode()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
