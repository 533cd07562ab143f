"""The hub's setting for a catalog in PostgreSQL, and dbt on it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration import build
from orchestration.hub import Hub
from orchestration.settings import ROOT


@pytest.fixture
def hub(tmp_path: Path, url: str) -> Iterator[Hub]:
    """A hub whose catalog is set in its own settings, so that only the hub knows it."""
    before = dict(os.environ)
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.env").write_text(f"CROSSDOCK_CATALOG={url}\n")
    os.environ.pop("CROSSDOCK_CATALOG", None)
    os.environ["CROSSDOCK_HOME"] = str(home)
    yield Hub.open()
    os.environ.clear()
    os.environ.update(before)


def test_the_setting_is_found_by_all_and_shown_to_nobody(hub: Hub, url: str, password: str) -> None:
    assert hub.lake.catalog.where.startswith("postgresql://loader@/")
    assert os.environ["CROSSDOCK_CATALOG"] == url
    shown = f"{hub!r} {hub.settings!r} {hub.settings} {hub.settings.model_dump()}"
    assert password not in shown
    assert url not in shown


@pytest.mark.slow
def test_dbt_builds_on_a_catalog_in_postgresql_and_writes_no_password(
    hub: Hub, password: str
) -> None:
    with build.recorded(hub.lake, 60):
        done = subprocess.run(
            [Path(sys.executable).with_name("dbt"), "--debug", "run", "--profiles-dir", "."],
            cwd=ROOT / "transforms",
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-4000:]
    with hub.lake.connect(read_only=True) as con:
        newest = build.newest(con)
        rows = con.execute("SELECT count(*) FROM lake.canonical.sales_order").fetchall()
    assert newest is not None
    assert rows == [(0,)]
    written = [path for path in hub.settings.dbt_target.rglob("*") if path.is_file()]
    assert written
    said = [done.stdout, done.stderr, *(path.read_text("latin-1") for path in written)]
    assert not [one for one in said if password in one or "s3cr" in one]
