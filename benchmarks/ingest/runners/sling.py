"""sling from Parquet files into DuckDB, through the DuckDB command line that it drives."""

import json
from pathlib import Path

from benchmarks.ingest import venvs
from benchmarks.ingest.derived import split
from benchmarks.ingest.measure import Command
from benchmarks.ingest.runner import Runner, in_duckdb_file
from benchmarks.ingest.streams import STREAMS

EXTENSIONS = ("json", "parquet", "httpfs")
# The last one whose binary comes as a wheel; `sling` itself downloads it from GitHub.
PACKAGES = [
    "sling-linux-amd64==1.4.11",
    "duckdb-cli==1.5.5",
    *(f"duckdb-extension-{name}==1.5.5" for name in EXTENSIONS),
]


def prepare(cache: Path, stream: Path) -> None:
    """Install it, put DuckDB's extensions where it looks for them, and split the stream."""
    folder = venvs.make(cache, "sling", PACKAGES)
    place = folder / "home" / ".duckdb" / "extensions" / "v1.5.5" / "linux_amd64"
    place.mkdir(parents=True, exist_ok=True)
    for name in EXTENSIONS:
        file = f"{name}.duckdb_extension"
        package = venvs.site(folder) / f"duckdb_extension_{name}" / "extensions" / "v1.5.5"
        if not (place / file).exists():
            (place / file).symlink_to(package / file)
    (venvs.site(folder) / "sling_linux_amd64" / "bin" / "sling-linux-amd64").chmod(0o755)
    split(stream)


def command(cache: Path, stream: Path, folder: Path) -> Command:
    """Land each file by key (`incremental`), as one replication."""
    venv = venvs.make(cache, "sling", PACKAGES)
    parts = split(stream)
    replication = {
        "source": "LOCAL",
        "target": "PEER",
        "defaults": {"mode": "incremental"},
        "streams": {
            f"file://{parts}/{name}.parquet": {
                "object": f"src.{name}",
                "primary_key": list(of.keys),
            }
            for name, of in STREAMS.items()
        },
    }
    # JSON is YAML too.
    (folder / "replication.yaml").write_text(json.dumps(replication), "utf-8")
    binary = venvs.site(venv) / "sling_linux_amd64" / "bin" / "sling-linux-amd64"
    return Command(
        [str(binary), "run", "-r", str(folder / "replication.yaml")],
        {
            "HOME": str(venv / "home"),
            "SLING_HOME_DIR": str(folder / "sling"),
            "SLING_DISABLE_TELEMETRY": "true",
            "DUCKDB_PATH": str(venvs.site(venv) / "duckdb_cli" / "duckdb"),
            "PEER": json.dumps({"type": "duckdb", "instance": str(folder / "peer.duckdb")}),
        },
    )


RUNNER = Runner(
    "sling",
    "sling 1.4.11",
    "ready Parquet",
    command,
    in_duckdb_file,
    prepare,
    is_slow=True,
)
