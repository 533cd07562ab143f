"""dlt into DuckDB: as its guide begins, and by its fastest route."""

from pathlib import Path

from benchmarks.ingest import venvs
from benchmarks.ingest.derived import split
from benchmarks.ingest.measure import Command
from benchmarks.ingest.runner import Runner, in_duckdb_file, keys

PACKAGES = ["dlt[duckdb]==1.31.0", "duckdb==1.5.5", "pyarrow==26.0.1"]
PEERS = Path(__file__).parents[1] / "peers"
QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}


def prepare(cache: Path, stream: Path) -> None:
    """Install it, and write the Parquet files that the fastest route reads."""
    venvs.make(cache, "dlt", PACKAGES)
    split(stream)


def _script(cache: Path, name: str, *arguments: str) -> Command:
    python = venvs.make(cache, "dlt", PACKAGES) / "bin" / "python"
    return Command([str(python), str(PEERS / name), *arguments], QUIET)


def rows(cache: Path, stream: Path, folder: Path) -> Command:
    """A generator of dicts, merged by key."""
    return _script(cache, "dlt_rows.py", str(stream), str(folder))


def arrow(cache: Path, stream: Path, folder: Path) -> Command:
    """Ready Arrow batches, merged by key, the last arrival by `dedup_sort`."""
    return _script(cache, "dlt_arrow.py", str(split(stream)), str(folder), keys())


ROWS = Runner(
    "dlt_rows", "dlt 1.31.0, generator", "Singer", rows, in_duckdb_file, prepare, is_slow=True
)
ARROW = Runner("dlt_arrow", "dlt 1.31.0, Arrow", "ready Parquet", arrow, in_duckdb_file, prepare)
