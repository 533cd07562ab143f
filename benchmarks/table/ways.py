"""The ways to bring the table into a lake, each as one command."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.ingest import venvs
from benchmarks.ingest.measure import Command
from benchmarks.table.source import Source

PEER = "meltanolabs-tap-postgres==0.10.0"
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Way:
    """A way: its title, its command, and the table that it makes; `is_slow` runs once."""

    title: str
    command: Callable[[Source, Path, Path], Command]
    stored: str
    is_slow: bool = False


def _pipe(tap: list[str], target: dict[str, Any], folder: Path) -> Command:
    config = _written(folder / "target.json", {"source": "src", **target})
    into = [str(BIN / "target-crossdock"), "--config", config]
    return Command(["bash", "-c", f"set -o pipefail; {shlex.join(tap)} | {shlex.join(into)}"])


def _written(path: Path, settings: Mapping[str, Any]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings), "utf-8")
    return str(path)


def _ours(source: Source, folder: Path, more: Mapping[str, Any]) -> list[str]:
    config = _written(folder / "tap.json", {"url": source.url, "naive_timezone": "UTC", **more})
    return [str(BIN / "tap-sql"), "--config", config]


def by_batches(source: Source, cache: Path, folder: Path) -> Command:
    """tap-sql with the setting `batch_config`, as `crossdock pull` runs it."""
    batches = folder / "batches"
    storage = {"encoding": {"format": "parquet"}, "storage": {"root": batches.as_uri()}}
    tap = _ours(source, folder, {"batch_config": storage})
    return _pipe(tap, {"home": str(folder / "home"), "batch_root": str(batches)}, folder)


def by_records(source: Source, cache: Path, folder: Path) -> Command:
    """tap-sql as any Singer tap, a RECORD a row."""
    return _pipe(_ours(source, folder, {}), {"home": str(folder / "home")}, folder)


def by_peer(source: Source, cache: Path, folder: Path) -> Command:
    """The PostgreSQL tap of Meltano's hub, in an environment of its own."""
    home = venvs.make(cache, "tap-postgres", [PEER])
    # It insists on a host and a password, where a socket has neither.
    url = source.uri.replace("postgresql://postgres:@/", "postgresql+psycopg2://postgres:none@any/")
    config = _written(folder / "tap.json", {"sqlalchemy_url": url})
    catalog = _written(folder / "catalog.json", _catalog(home, config))
    tap = [str(home / "bin" / "tap-postgres"), "--config", config, "--catalog", catalog]
    target = {"home": str(folder / "home"), "naive_timezone": "UTC"}
    return _pipe(tap, target, folder)


def by_scanner(source: Source, cache: Path, folder: Path) -> Command:
    """DuckDB alone."""
    module = [sys.executable, "-m", "benchmarks.table.scanner", source.uri, str(folder / "home")]
    return Command(module, {"PYTHONPATH": str(Path(__file__).parents[2])})


def _catalog(home: Path, config: str) -> Any:
    tap = [str(home / "bin" / "tap-postgres"), "--config", config, "--discover"]
    found = subprocess.run(tap, capture_output=True, text=True, check=True)  # noqa: S603
    catalog = json.loads(found.stdout)
    catalog["streams"] = [
        entry for entry in catalog["streams"] if entry["tap_stream_id"] == "public-order_lines"
    ]
    for entry in catalog["streams"]:
        entry["replication_method"] = "FULL_TABLE"
        entry["metadata"].append({"breadcrumb": [], "metadata": {"selected": True}})
    return catalog


WAYS = {
    "batches": Way("tap-sql, batches", by_batches, 'lake.src."order_lines"'),
    "scanner": Way("DuckDB postgres_scanner", by_scanner, 'lake.src."order_lines"'),
    "records": Way("tap-sql, records", by_records, 'lake.src."order_lines"', is_slow=True),
    "peer": Way(PEER, by_peer, 'lake.src."public-order_lines"', is_slow=True),
}
