"""A lake that has seen loads, deletes, builds and releases, as upkeep finds it."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from warehouse import files
from warehouse.release import Release
from warehouse.releases import Releases

PASSED = {"dataset": "src.order", "rule": "qty", "severity": "error", "status": "passed"}
COLUMNS = {"id": {"type": "integer"}, "v": {"type": ["string", "null"]}}


class Used:
    """A lake in use: load, build and publish, each with a few rows."""

    def __init__(self, landed: Any) -> None:
        self.landed, self.lake = landed, landed.lake
        self.releases = Releases(self.lake)

    def load(self, step: int, rows: int = 40) -> None:
        """Upsert rows of which half are known, and append as many to a stream without a key."""
        landed = self.landed
        ids = range(step * rows // 2, step * rows // 2 + rows)
        keyed = [landed.record("order", {"id": i, "v": f"{step}-{i}"}) for i in ids]
        keyless = [landed.record("scan", {"id": i, "v": None}) for i in ids]
        bad = landed.record("order", {"id": "none", "v": "x"})
        landed.load(
            landed.schema("order", COLUMNS, ["id"]),
            landed.schema("scan", COLUMNS),
            *keyed,
            bad,
            *keyless,
            {"type": "STATE", "value": {"step": step}},
        )

    def build(self) -> None:
        """Write a canonical table as dbt does: no row of it stays."""
        with self.lake.lock(), self.lake.connect() as con:
            con.execute("CREATE SCHEMA IF NOT EXISTS lake.canonical")
            con.execute(
                "CREATE TABLE IF NOT EXISTS lake.canonical.sale"
                " AS SELECT id, v FROM lake.src.order LIMIT 0"
            )
            con.execute("BEGIN")
            con.execute("DELETE FROM lake.canonical.sale")
            con.execute("INSERT INTO lake.canonical.sale SELECT id, v FROM lake.src.order")
            con.execute("COMMIT")
        files.seal_all(self.lake, datetime.now(UTC))

    def publish(self, now: datetime | None = None) -> Release:
        """Publish what was built."""
        marks, versions = {"src": "2026-03-02T22:00:00+00:00"}, {"src": "1.0.0"}
        when = now or datetime.now(UTC)
        return self.releases.publish(
            [PASSED], contract_versions=versions, as_of_marks=marks, now=when
        )

    def content(self) -> Any:
        """Everything that a person could miss."""
        ask = self.landed.ask
        return (
            ask("SELECT id, v FROM lake.src.order ORDER BY ALL"),
            ask("SELECT id, v FROM lake.src.scan ORDER BY ALL"),
            ask("SELECT * FROM lake.canonical.sale ORDER BY ALL"),
            ask("SELECT source, state::VARCHAR FROM lake.hub.state ORDER BY ALL"),
            ask("SELECT * FROM lake.hub.ledger ORDER BY ALL"),
            ask("SELECT * FROM lake.hub.quarantine ORDER BY ALL"),
        )

    def released(self) -> dict[str, Any]:
        """The rows of every release."""
        found = {}
        for release in self.releases.list():
            with self.releases.open(release.release_id) as con:
                found[release.release_id] = con.execute(
                    "FROM canonical.sale ORDER BY ALL"
                ).fetchall()
        return found


@pytest.fixture(scope="session")
def used_home(tmp_path_factory: pytest.TempPathFactory, landed_in: Callable[[Path], Any]) -> Path:
    """Made once: it takes 2 s, copying it 20 ms."""
    made = Used(landed_in(tmp_path_factory.mktemp("used")))
    for step in range(3):
        made.load(step)
        made.build()
        made.publish()
    home: Path = made.lake.paths.home
    return home


@pytest.fixture
def used(used_home: Path, landed: Any) -> Used:
    home = landed.lake.paths.home
    shutil.rmtree(home)
    shutil.copytree(used_home, home)
    return Used(landed)
