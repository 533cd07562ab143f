"""Where a pull's tap leaves its batches, until the target has read them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.lake import Lake


@contextmanager
def of_pull(lake: Lake, source: str, load_id: str) -> Iterator[Path]:
    """Give a folder of its own to a pull, which holds the source's lock, and remove it after.

    What a killed pull of the source left is removed first: with its lock, nobody reads it now.
    """
    of_source = lake.paths.lock.with_name("batches") / source
    shutil.rmtree(of_source, ignore_errors=True)
    folder = of_source / load_id
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(of_source, ignore_errors=True)
