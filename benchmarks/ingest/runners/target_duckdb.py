"""target-duckdb, the Singer target that writes DuckDB files."""

import json
from pathlib import Path

from benchmarks.ingest import venvs
from benchmarks.ingest.measure import Command
from benchmarks.ingest.runner import Runner, in_duckdb_file

# The same DuckDB everywhere; newer ones write files that ours cannot read.
PACKAGES = ["target-duckdb==0.8.0", "duckdb==1.5.5"]


def prepare(cache: Path, stream: Path) -> None:
    """Install it."""
    venvs.make(cache, "target-duckdb", PACKAGES)


def command(cache: Path, stream: Path, folder: Path) -> Command:
    """Land `stream` as its README begins."""
    config = folder / "target.json"
    settings = {"path": str(folder / "peer.duckdb"), "default_target_schema": "src"}
    config.write_text(json.dumps(settings), "utf-8")
    target = venvs.make(cache, "target-duckdb", PACKAGES) / "bin" / "target-duckdb"
    return Command([str(target), "--config", str(config)], stdin=stream)


RUNNER = Runner(
    "target_duckdb",
    "target-duckdb 0.8.0",
    "Singer",
    command,
    in_duckdb_file,
    prepare,
    is_slow=True,
)
