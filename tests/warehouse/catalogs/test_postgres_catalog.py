"""A lake whose catalog is in PostgreSQL: whose it is, who may write, what is never shown."""

import json
import logging
import multiprocessing
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pyarrow as pa
import pytest

from warehouse.catalogs.location import Location
from warehouse.errors import LakeError
from warehouse.lake import Lake


def test_a_lake_made_twice_keeps_what_is_in_it(lake: Lake, url: str) -> None:
    lake.append("hub.verdict", pa.table({"n": range(1000)}))
    with Lake(lake.paths.home, url).create().connect(read_only=True) as con:
        assert con.execute("SELECT count(*) FROM lake.hub.verdict").fetchall() == [(1000,)]


def test_the_environment_names_the_catalog_of_every_lake(
    lake: Lake, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSDOCK_CATALOG", url)
    with Lake(lake.paths.home).connect(read_only=True) as con:
        assert con.execute("SELECT count(*) FROM lake.hub.ledger").fetchall() == [(0,)]


def test_several_machines_share_the_lakes_folder(lake: Lake, tmp_path: Path, url: str) -> None:
    lake.append("hub.verdict", pa.table({"n": range(1000)}))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "lake").symlink_to(lake.paths.data.parent)
    other = Lake(tmp_path / "other", url).create()
    other.append("hub.verdict", pa.table({"n": range(1000)}))
    with lake.connect(read_only=True) as con:
        assert con.execute("SELECT count(n) FROM lake.hub.verdict").fetchall() == [(2000,)]


def test_a_catalog_is_refused_to_a_home_that_has_not_its_files(
    lake: Lake, tmp_path: Path, url: str
) -> None:
    with pytest.raises(LakeError, match="whose files are not in"):
        Lake(tmp_path / "other", url).create()


def test_a_lake_is_not_opened_with_another_catalog(
    lake: Lake, tmp_path: Path, url: str, server: Any
) -> None:
    with pytest.raises(LakeError, match="Set CROSSDOCK_CATALOG to its URL"):
        Lake(lake.paths.home, "").create()
    local = Lake(tmp_path / "local", "").create()
    with pytest.raises(LakeError, match="has a SQLite catalog"):
        Lake(local.paths.home, url).connect()
    server.admin("CREATE DATABASE not_the_lakes OWNER loader")
    with pytest.raises(LakeError, match="data that only it can describe"):
        lake.append("hub.verdict", pa.table({"n": range(1000)}))
        Lake(lake.paths.home, server.url("not_the_lakes")).create()
    server.admin("DROP DATABASE not_the_lakes WITH (FORCE)")


def test_a_ducklake_that_is_somebody_elses_is_left_alone(
    server: Any, database: str, tmp_path: Path
) -> None:
    served = server.url(database)
    Lake(tmp_path / "theirs", served).create()
    server.admin(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    with Location.parse(served).connect("test") as session:
        session.execute("DROP TABLE crossdock_lake")
    with pytest.raises(LakeError, match="none of Crossdock's"):
        Lake(tmp_path / "ours", served).create()


def _hold(home: Path, url: str, held: Any) -> None:
    lake = Lake(home, url)
    with lake.lock(purpose="play dbt"), lake.lock_source("erp"):
        held.set()
        multiprocessing.Event().wait(30)


def test_who_waits_in_vain_says_for_whom_and_a_dead_process_holds_nothing(
    lake: Lake, url: str
) -> None:
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    other = context.Process(target=_hold, args=(lake.paths.home, url, held))
    other.start()
    try:
        assert held.wait(30)
        for timeout in (0, 0.1):
            with (
                pytest.raises(LakeError, match=rf"process {other.pid} on \S+ \(play dbt\)"),
                lake.lock(timeout=timeout),
            ):
                pass
        with pytest.raises(LakeError, match="Another load of 'erp'"), lake.lock_source("erp", 0.1):
            pass
        assert f"process {other.pid} on" in (lake.loader("erp") or "")
        assert lake.loader("wms") is None
    finally:
        other.kill()
        other.join()
    with lake.lock(timeout=10), lake.lock_source("erp", timeout=10):
        pass


def test_a_lock_is_taken_again_by_its_thread_and_a_source_by_nobody(lake: Lake) -> None:
    with lake.lock(), lake.lock(timeout=0), lake.lock_source("erp"):
        lake.append("hub.verdict", pa.table({"n": [1]}))
        with pytest.raises(LakeError, match="Another load"), lake.lock_source("erp", timeout=0):
            pass
    with lake.lock(timeout=0), lake.lock_source("erp", timeout=0):
        pass


def _shown(lake: Lake) -> str:
    """All that DuckDB tells a user of a lake's connection."""
    with lake.connect() as con:
        con.execute("SET enable_logging = true")
        asked = [
            "FROM duckdb_databases()",
            "FROM duckdb_secrets()",
            "FROM duckdb_settings()",
            "FROM duckdb_logs",
            "FROM ducklake_settings('lake')",
            *(f"FROM __ducklake_metadata_lake.{name}" for name in ("ducklake_metadata",)),
        ]
        return "\n".join(str(con.execute(question).fetchall()) for question in asked)


def test_the_password_is_nowhere_to_be_seen(
    lake: Lake,
    password: str,
    server: Any,
    database: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    lake.append("hub.verdict", pa.table({"n": range(1000)}))
    seen = [_shown(lake), repr(lake), repr(lake.catalog.__dict__), lake.catalog.where]
    wrong = server.url(database, password=f"{password}!")
    for url in (
        wrong,
        server.url(database, port=1),
        server.url("no_such_database"),
        server.url(database).replace("loader", "nobody"),
    ):
        refused = Lake(lake.paths.home, url)
        for ask in (refused.create, refused.connect, lambda: refused.loader("erp")):  # noqa: B023
            with pytest.raises(LakeError) as caught:
                ask()
            seen += [str(caught.value), repr(caught.value.__cause__)]
    seen += [caplog.text, *capfd.readouterr()]
    seen += [str(server.admin("SELECT * FROM pg_stat_activity"))]
    files = [path for path in lake.paths.home.rglob("*") if path.is_file()]
    seen += [path.read_text("latin-1") for path in files]
    spellings = (password, quote(password, safe=""), "s3cr", json.dumps(password)[1:-1])
    assert not [text for text in seen for one in spellings if one in text]


def test_the_password_may_come_from_libpqs_own_places(
    lake: Lake, server: Any, database: str, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = server.url(database, password=None)
    with pytest.raises(LakeError, match="cannot be reached"):
        Lake(lake.paths.home, bare).connect()
    monkeypatch.setenv("PGPASSWORD", password)
    Lake(lake.paths.home, bare).create().connect().close()
    monkeypatch.delenv("PGPASSWORD")
    passfile = lake.paths.home / "pgpass"
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    passfile.write_text(f"*:*:{database}:loader:{escaped}\n")
    passfile.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    Lake(lake.paths.home, bare).create().connect().close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u:hush@h/db", "no PostgreSQL URL"),
        ("postgresql://u:hush/x@h/db", "percent-encode"),
        ("postgresql://u:1/hush@h/db", "percent-encode"),
        ("postgresql://u:a@hush@h/db", "percent-encode"),
        ("postgresql://u:p@h/db?sslpassword=hush", "sslpassword.*Valid are"),
        ("postgresql://u:p@h/db?nonsense=hush", "percent-encode|Valid are"),
    ],
)
def test_a_url_that_is_none_is_refused_without_being_quoted(
    url: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(LakeError, match=f"(?i){said}") as caught:
        Lake(tmp_path, url)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_home_with_a_catalog_in_postgresql_can_be_moved(lake: Lake, url: str) -> None:
    lake.append("hub.verdict", pa.table({"n": range(1000)}))
    moved = shutil.move(lake.paths.home, lake.paths.home.with_name("there's"))
    with Lake(moved, url).connect(read_only=True) as con:
        assert con.execute("SELECT count(n) FROM lake.hub.verdict").fetchall() == [(1000,)]


def test_a_reader_cannot_write(lake: Lake) -> None:
    with lake.connect(read_only=True) as con, pytest.raises(duckdb.Error, match="read-only"):
        con.execute("DELETE FROM lake.hub.ledger")


def test_the_lake_as_it_was_at_a_snapshot_can_be_read_and_not_written(
    lake: Lake, reads_as_it_was: Callable[[Lake], None]
) -> None:
    reads_as_it_was(lake)
