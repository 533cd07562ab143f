"""ingestr from a DuckDB file into another."""

from pathlib import Path

from benchmarks.ingest import venvs
from benchmarks.ingest.derived import split
from benchmarks.ingest.measure import Command
from benchmarks.ingest.runner import Runner, in_duckdb_file, keys
from benchmarks.ingest.streams import STREAMS
from warehouse import sql
from warehouse.lake import open_duckdb

# From 1.0 on the package only downloads a binary from GitHub, which an index cannot stand for.
PACKAGES = ["ingestr==0.14.155"]
SCRIPT = Path(__file__).parents[1] / "peers" / "ingestr_tables.py"


def prepare(cache: Path, stream: Path) -> None:
    """Install it, and make the database that it reads."""
    venvs.make(cache, "ingestr", PACKAGES)
    feed = _feed(stream)
    if feed.exists():
        return
    aside = feed.with_suffix(".part")
    aside.unlink(missing_ok=True)
    with open_duckdb() as con:
        con.execute(f"ATTACH {sql.text(str(aside))} AS made")
        con.execute("CREATE SCHEMA made.src")
        for name in STREAMS:
            rows = sql.text(str(split(stream) / f"{name}.parquet"))
            con.execute(f"CREATE TABLE made.src.{name} AS FROM {rows}")
    aside.replace(feed)


def _feed(stream: Path) -> Path:
    return stream.with_suffix(".feed.duckdb")


def command(cache: Path, stream: Path, folder: Path) -> Command:
    """Land each table by a command of its own."""
    python = venvs.make(cache, "ingestr", PACKAGES) / "bin" / "python"
    quiet = {"INGESTR_DISABLE_TELEMETRY": "true", "DISABLE_TELEMETRY": "true"}
    return Command([str(python), str(SCRIPT), str(_feed(stream)), str(folder), keys()], quiet)


RUNNER = Runner(
    "ingestr",
    "ingestr 0.14.155",
    "ready DuckDB tables",
    command,
    in_duckdb_file,
    prepare,
    is_slow=True,
)
