"""Read releases and the lake from many processes while loads, builds and upkeep go on.

Example: python -m benchmarks.readers --seconds 600
"""

import io
import json
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from warehouse import files
from warehouse.lake import Lake
from warehouse.landing.load import Load
from warehouse.landing.settings import Settings
from warehouse.releases import Releases
from warehouse.upkeep.fsck import fsck
from warehouse.upkeep.maintain import Keep, maintain

ROWS = 300
# Much shorter than anybody keeps anything, so that upkeep deletes files all the time; but longer
# than a read takes where many processes share a core.
KEEP = Keep(timedelta(seconds=20), releases=2, grace=timedelta(seconds=20))
PASSED = {"dataset": "src.order", "rule": "qty", "severity": "error", "status": "passed"}


@dataclass
class Tally:
    """What was done how often, and every error."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


@click.command(help=__doc__)
@click.option("--seconds", default=600.0, show_default=True, help="How long.")
@click.option("--readers", default=16, show_default=True, help="Processes, half read releases.")
def main(seconds: float, readers: int) -> None:
    """Print what was done; exit code 1 when anything failed."""
    with tempfile.TemporaryDirectory(prefix="crossdock-readers-") as folder:
        tally = measure(Path(folder) / "home", seconds, readers)
    for what, number in sorted(tally.counts.items()):
        click.echo(f"{number:>8,} {what}")
    for error in tally.errors[:20]:
        click.echo(error, err=True)
    click.echo(f"{len(tally.errors)} errors")
    sys.exit(1 if tally.errors else 0)


def measure(home: Path, seconds: float, readers: int) -> Tally:
    """Run readers and writers for some seconds on a new lake; return what they did."""
    lake = Lake(home).create()
    load(lake, 0)
    build(lake)
    context = multiprocessing.get_context("spawn")
    told: Any = context.Queue()
    kinds: list[Callable[[Lake], str]] = [load_next, upkeep]
    kinds += [read_release if i % 2 else read_lake for i in range(readers)]
    together = context.Barrier(len(kinds))
    processes = [
        context.Process(target=_repeat, args=(kind, home, seconds, together, told))
        for kind in kinds
    ]
    for process in processes:
        process.start()
    tally = Tally()
    for _ in processes:
        counts, errors = told.get(timeout=seconds + 300)
        tally.counts.update(counts)
        tally.errors += errors
    for process in processes:
        process.join()
    tally.errors += [f"fsck: {one}" for one in fsck(lake, datetime.now(UTC)).errors]
    return tally


def load(lake: Lake, step: int) -> None:
    """Upsert the same keys with other values: each commit leaves exactly `ROWS` rows of `step`."""
    properties = {"id": {"type": "integer"}, "step": {"type": "integer"}}
    schema = {"type": "SCHEMA", "stream": "order", "key_properties": ["id"]}
    lines = [json.dumps({**schema, "schema": {"type": "object", "properties": properties}})]
    for i in range(ROWS):
        record = {"id": i, "step": step}
        lines.append(json.dumps({"type": "RECORD", "stream": "order", "record": record}))
    stream = io.BytesIO("\n".join([*lines, ""]).encode())
    Load(lake, Settings(home=lake.paths.home, source="src"), lambda _: None).run(stream)


def build(lake: Lake) -> None:
    """Write the canonical table anew, as dbt does, and publish it."""
    with lake.lock(purpose="build"), lake.connect() as con:
        con.execute("CREATE SCHEMA IF NOT EXISTS lake.canonical")
        con.execute("CREATE TABLE IF NOT EXISTS lake.canonical.sale (id BIGINT, step BIGINT)")
        con.execute("BEGIN")
        con.execute("DELETE FROM lake.canonical.sale")
        con.execute("INSERT INTO lake.canonical.sale SELECT id, step FROM lake.src.order")
        con.execute("COMMIT")
    now = datetime.now(UTC)
    files.seal_all(lake, now)
    Releases(lake).publish([PASSED], contract_versions={}, as_of_marks={}, now=now)


def load_next(lake: Lake) -> str:
    """Load and publish."""
    load(lake, time.time_ns())
    build(lake)
    return "loads, builds and releases"


def upkeep(lake: Lake) -> str:
    """Do all upkeep."""
    account = maintain(lake, datetime.now(UTC), KEEP)
    return "upkeep that deleted files" if account.swept.bytes else "upkeep that deleted none"


def read_lake(lake: Lake) -> str:
    """Read a table of the lake, which every commit leaves whole."""
    with lake.connect(read_only=True) as con:
        _expect_one_step(con, "lake.src.order")
    return "reads of the lake"


def read_release(lake: Lake) -> str:
    """Read the current release."""
    releases = Releases(lake)
    current = releases.current()
    if current is None:
        raise AssertionError("there is no current release")
    with releases.open(current.release_id) as con:
        _expect_one_step(con, "canonical.sale")
    return "reads of releases"


def _expect_one_step(con: Any, table: str) -> None:
    found = con.execute(f"SELECT count(*), count(DISTINCT step), sum(id) FROM {table}").fetchall()  # noqa: S608
    if found != [(ROWS, 1, ROWS * (ROWS - 1) // 2)]:
        raise AssertionError(f"{table} is torn: {found}")


def _repeat(
    kind: Callable[[Lake], str], home: Path, seconds: float, together: Any, told: Any
) -> None:
    """Do one thing again and again in a process of its own; tell how often, and what failed."""
    counts, errors = Counter[str](), list[str]()
    lake = Lake(home)
    together.wait()
    until = time.time() + seconds
    while not counts or time.time() < until:
        try:
            counts[kind(lake)] += 1
        except Exception as error:  # each is what this is here to count
            counts["errors"] += 1
            errors.append(f"{kind.__name__}: {type(error).__name__}: {error}")
    told.put((counts, errors))


if __name__ == "__main__":
    main()
