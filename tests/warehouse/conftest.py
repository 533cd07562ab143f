"""A lake of its own for each test, and the target run on bytes."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from warehouse.lake import Lake
from warehouse.landing.load import Load
from warehouse.landing.settings import Settings
from warehouse.landing.totals import Totals


class Landed:
    """A lake and what a test asks of it."""

    def __init__(self, home: Path) -> None:
        self.lake = Lake(home).create()
        self.states: list[str] = []

    @staticmethod
    def schema(
        stream: str, properties: dict[str, Any], keys: list[str] | None = None, **more: Any
    ) -> dict[str, Any]:
        body = {"type": "object", "properties": properties, **more}
        return {"type": "SCHEMA", "stream": stream, "schema": body, "key_properties": keys or []}

    @staticmethod
    def record(stream: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"type": "RECORD", "stream": stream, "record": values, **more}

    @staticmethod
    def to_bytes(*messages: Any) -> bytes:
        """Write messages as lines; bytes are taken as they are."""
        lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in messages]
        return b"".join(line + b"\n" for line in lines)

    def load(self, *messages: Any, **settings: Any) -> Totals:
        """Land messages, each a line; `settings` are the target's."""
        return self.load_bytes(self.to_bytes(*messages), **settings)

    def load_bytes(self, stream: bytes, **settings: Any) -> Totals:
        chosen = Settings(**{"home": self.lake.paths.home, "source": "src", **settings})
        return Load(self.lake, chosen, self.states.append).run(io.BytesIO(stream))

    def ask(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.lake.connect(read_only=True) as con:
            return con.execute(query, list(parameters)).fetchall()

    def rows(self, table: str, columns: str = "* EXCLUDE (_load_id)") -> list[tuple[Any, ...]]:
        clean = "* EXCLUDE (_load_id, _row_hash, _sdc_sequence, _sdc_received_at, _sdc_batched_at)"
        chosen = clean if columns == "* EXCLUDE (_load_id)" else columns
        return self.ask(f"SELECT {chosen} FROM lake.{table} ORDER BY ALL")

    def held(self) -> list[tuple[Any, ...]]:
        return self.ask(
            "SELECT stream, line, reason, raw FROM lake.hub.quarantine ORDER BY load_id, line"
        )


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Run DuckDB on one thread here: on small tables its others only cost, half of all the time.

    It divides work by row groups of 122,880 rows, which no test fills. The target's own processes
    (`start_target`) run as they do for users.
    """
    connect = duckdb.connect

    def with_one_thread(*arguments: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        config = {**options.pop("config", {}), "threads": "1"}
        return connect(*arguments, config=config, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", with_one_thread)
        yield


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty lake, made once: copying one takes 5 ms, making one 1 s."""
    home = tmp_path_factory.mktemp("empty") / "home"
    Lake(home).create()
    return home


@pytest.fixture(scope="session")
def landed_in(empty_home: Path) -> Callable[[Path], Landed]:
    """Make an empty lake under a folder."""

    def make(folder: Path) -> Landed:
        shutil.copytree(empty_home, folder / "home")
        return Landed(folder / "home")

    return make


@pytest.fixture
def landed(tmp_path: Path, landed_in: Callable[[Path], Landed]) -> Landed:
    return landed_in(tmp_path)


@pytest.fixture(scope="session")
def start_target() -> Callable[..., "subprocess.Popen[bytes]"]:
    """Start the target as a process of its own on a file."""

    def start(home: Path, path: Path, **settings: Any) -> "subprocess.Popen[bytes]":
        config = home.parent / "target.json"
        config.write_text(json.dumps({"home": str(home), "source": "src", **settings}))
        arguments = [sys.executable, "-m", "warehouse.target", "--config", str(config)]
        return subprocess.Popen(
            [*arguments, "--input", str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ),
        )

    return start


@pytest.fixture
def reads_as_it_was() -> Callable[[Lake], None]:
    """Hold a lake, whatever keeps its catalog, to being readable as it was at a snapshot."""

    def hold(lake: Lake) -> None:
        lake.append("shop.articles", pa.table({"sku": ["A"]}))
        with lake.connect(read_only=True) as con:
            asked = con.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchall()
        lake.append("shop.articles", pa.table({"sku": ["B"], "qty": [1]}))
        with lake.connect(at=asked[0][0]) as con:
            assert con.execute("FROM lake.shop.articles").fetchall() == [("A",)], "its columns too"
            with pytest.raises(duckdb.Error, match="read-only"):
                con.execute("DELETE FROM lake.shop.articles")
        with lake.connect(read_only=True) as con:
            assert con.execute("SELECT count(*) FROM lake.shop.articles").fetchall() == [(2,)]

    return hold
