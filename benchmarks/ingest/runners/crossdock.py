"""`target-crossdock` on the stream's file, with its whole guarantee."""

import json
import sys
from pathlib import Path

import duckdb

from benchmarks.ingest.measure import Command
from benchmarks.ingest.runner import Runner
from benchmarks.ingest.streams import STREAMS
from warehouse.lake import Lake, attach


def target(stream: Path, folder: Path, home: Path) -> Command:
    """Land `stream` in `home`; its settings are written to `folder`."""
    config = folder / "target.json"
    config.write_text(json.dumps({"home": str(home), "source": "src"}), "utf-8")
    start = [sys.executable, "-m", "warehouse.target", "--config", str(config)]
    return Command([*start, "--input", str(stream)])


def command(cache: Path, stream: Path, folder: Path) -> Command:
    """Land `stream` in a new home under `folder`."""
    return target(stream, folder, folder / "home")


def stored(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, str]:
    """Attach the lake."""
    paths = Lake(folder / "home").paths
    attach(con, paths.catalog, paths.data, alias="lake", read_only=True)
    return {stream: f"lake.src.{stream}" for stream in STREAMS}


RUNNER = Runner("crossdock", "target-crossdock", "Singer", command, stored)
