"""A small hub to build in: raw tables by contract, rows from YAML, dbt as a user runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from filelock import FileLock

import contracts
from orchestration import build
from warehouse import extensions
from warehouse.lake import Lake

PROJECT = Path(__file__).parents[2] / "transforms"
WORLD = Path(__file__).with_name("world.yaml")
FIRST_LOAD = datetime(2026, 3, 11, 23, tzinfo=UTC)


class Hub:
    """A lake with the contracted tables, and dbt over it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.lake = Lake(home).create()
        with self.lake.connect() as con:
            build.provide_tables(con)

    def load(
        self,
        world: Mapping[str, Sequence[Mapping[str, Any]]],
        received_at: datetime = FIRST_LOAD,
    ) -> None:
        """Put rows into their tables ('erp.products'), each over the one with its key."""
        with self.lake.connect() as con:
            for name, rows in world.items():
                source, _, table = name.partition(".")
                key = contracts.read(f"sources/{source}").table(table).primary_key
                for row in rows:
                    same = " AND ".join(f"{column} = ?" for column in key)
                    con.execute(f"DELETE FROM lake.{name} WHERE {same}", [row[c] for c in key])
                    landed = {**row, "_sdc_received_at": received_at}
                    marks = ", ".join("?" for _ in landed)
                    con.execute(
                        f"INSERT INTO lake.{name} ({', '.join(landed)}) VALUES ({marks})",
                        [_text(value) for value in landed.values()],
                    )

    def dbt(self, *arguments: str) -> str:
        """Run dbt on the project; its output. Fails the test when dbt fails."""
        environment = {
            **os.environ,
            "CROSSDOCK_HOME": str(self.home),
            "CROSSDOCK_EXTENSIONS": str(extensions.directory()),
            "DBT_TARGET_PATH": str(self.home / "dbt"),
            "DBT_LOG_PATH": str(self.home / "logs"),
            "DBT_PROFILES_DIR": str(PROJECT),
        }
        with self.lake.lock(purpose="dbt"):
            done = subprocess.run(
                [Path(sys.executable).with_name("dbt"), *arguments],
                cwd=PROJECT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
        return done.stdout

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Answer a query; `canonical.x` names a table of the lake."""
        with self.lake.connect() as con:
            con.execute("USE lake")
            return con.execute(sql).fetchall()

    def contents(self, schema: str = "canonical") -> dict[str, list[tuple[Any, ...]]]:
        """Every table of a schema, as sorted rows."""
        with self.lake.connect() as con:
            con.execute("USE lake")
            names = con.execute(
                "SELECT table_name FROM information_schema.tables "
                "WHERE table_catalog = 'lake' AND table_schema = ?",
                [schema],
            ).fetchall()
            return {
                name: con.execute(f"FROM {schema}.{name} ORDER BY ALL").fetchall()
                for (name,) in sorted(names)
            }


def _text(value: object) -> object:
    """YAML's lists and mappings stand for JSON columns."""
    return json.dumps(value) if isinstance(value, (list, dict)) else value


@pytest.fixture(scope="session")
def world() -> dict[str, list[dict[str, Any]]]:
    """The rows of world.yaml, times in UTC."""
    raw: dict[str, list[dict[str, Any]]] = yaml.safe_load(WORLD.read_text("utf-8"))
    return {
        name: [{**columns, **row} for row in rows]
        for name, (columns, rows) in ((n, _defaults(r)) for n, r in raw.items())
    }


def _defaults(rows: list[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A first row `all: {...}` holds what the others share."""
    if rows and set(rows[0]) == {"all"}:
        return rows[0]["all"], rows[1:]
    return {}, rows


@pytest.fixture(scope="session")
def new_hub() -> Callable[[Path], Hub]:
    """Make a hub of a test's own in a folder."""
    return Hub


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory, world: dict[str, Any]) -> Hub:
    """The small world, loaded and built once with every unit test; tests only read it.

    Where several pytest workers run, each in a folder of the run's, the first builds it for all.
    """
    run = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent
    home = run / "hub"
    with FileLock(run / "hub.lock"):
        if not (home / "built").exists():
            hub = Hub(home)
            hub.load(world)
            hub.dbt("build")
            (home / "built").touch()
    return Hub(home)
