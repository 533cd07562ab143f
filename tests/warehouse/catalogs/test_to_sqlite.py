"""A release of a lake in PostgreSQL is a SQLite catalog, equal to that of a lake in SQLite."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from warehouse.lake import Lake
from warehouse.release import Release
from warehouse.releases import Releases

NOW = datetime(2026, 3, 2, 22, tzinfo=UTC)
PASSED = [{"dataset": "canonical.order", "rule": "a", "severity": "error", "status": "passed"}]
EVERY_TYPE = """
    a BOOLEAN, b TINYINT, c SMALLINT, d INTEGER, e BIGINT, f UTINYINT, g UINTEGER, h UBIGINT,
    i HUGEINT, j DECIMAL(38,10), k DECIMAL(4,1), l FLOAT, m DOUBLE, n VARCHAR, o BLOB, p DATE,
    q TIME, r TIMESTAMP, s TIMESTAMPTZ, t TIMESTAMP_NS, u UUID, v JSON, w INTERVAL, x INTEGER[],
    y STRUCT(a INTEGER, b VARCHAR[]), z MAP(VARCHAR, INTEGER)"""
VALUES = (
    r"""(true, -1, 2, 3, 9007199254740993, 255, 4294967295, 18446744073709551615,
    170141183460469231731687303715884105727, 12345678901234567890.0123456789, 0.1, 0.1, 0.1,
    'h"é''\x' || chr(10) || '☃', '\x00\xFFa'::BLOB, '2026-01-02', '01:02:03.000004',
    '2026-01-02 03:04:05.000006', '2026-01-02 03:04:05.000006+02', '2026-01-02 03:04:05.000000007',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a":1.10}', INTERVAL '1 month -2 days 3.5 s',
    [1, NULL, 3], {'a': 1, 'b': ['x', 'y''z']}, MAP {'k': 1})""",
    """(false, 127, -32768, -2147483648, -9223372036854775808, 0, 0, 0,
    -170141183460469231731687303715884105727, -0.0000000001, -999.9, 'inf', '-inf', '', ''::BLOB,
    '0044-03-15 (BC)', '24:00:00', '0044-03-15 (BC) 12:00:00', 'infinity', '1970-01-01', NULL,
    'null', INTERVAL '0', [], {'a': NULL, 'b': NULL}, MAP {})""",
    "(NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1e-38, 5e-324, 'a' || chr(0)"
    " || 'b', NULL, 'infinity', NULL, '-infinity', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
)


def fill(lake: Lake) -> None:
    """Write all kinds of content: in files and in the catalog, deleted, changed, and renamed."""
    with lake.connect() as con:
        for statement in (
            "CREATE SCHEMA lake.canonical",
            "CREATE SCHEMA lake.secret",
            "CREATE TABLE lake.secret.salary AS SELECT 'hidden' AS who FROM range(3)",
            f"CREATE TABLE lake.canonical.every ({EVERY_TYPE})",
            *(f"INSERT INTO lake.canonical.every VALUES {row}" for row in VALUES),
            "CREATE TABLE lake.canonical.order AS"
            " SELECT range AS id, 'n' || range AS n FROM range(1000)",
            "DELETE FROM lake.canonical.order WHERE id IN (3, 5)",
            "DELETE FROM lake.canonical.order WHERE id % 2 = 0",
            "INSERT INTO lake.canonical.order VALUES (2000, 'small'), (2001, 'gone')",
            "DELETE FROM lake.canonical.order WHERE id = 2001",
            "UPDATE lake.canonical.order SET n = 'set' WHERE id = 7",
            "ALTER TABLE lake.canonical.order ADD COLUMN later INTEGER DEFAULT 4",
            "INSERT INTO lake.canonical.order VALUES (3000, 'late', 9)",
            "ALTER TABLE lake.canonical.order RENAME COLUMN n TO name",
            "CREATE TABLE lake.canonical.empty (x INTEGER NOT NULL)",
            "CREATE TABLE lake.canonical.binary (x VARCHAR, y BLOB)",
            "INSERT INTO lake.canonical.binary VALUES ('text', 'bytes'::BLOB)",
            "ALTER TABLE lake.canonical.binary DROP COLUMN y",
            "ALTER TABLE lake.canonical.binary ADD COLUMN y VARCHAR",
            "INSERT INTO lake.canonical.binary VALUES ('text', 'no bytes: ☃')",
        ):
            con.execute(statement)


def publish(lake: Lake) -> Release:
    return Releases(lake).publish(PASSED, contract_versions={}, as_of_marks={}, now=NOW)


def content(lake: Lake, release: Release) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with Releases(lake).open(release.release_id) as con:
        for table in release.tables:
            columns = con.execute(f"DESCRIBE {table}").fetchall()
            # As text: a NaN equals nothing, and Python has no date before Christ.
            texts = ", ".join(f'"{column[0]}"::VARCHAR' for column in columns)
            rows = con.execute(f"SELECT {texts} FROM {table} ORDER BY ALL").fetchall()
            found[table] = [column[:2] for column in columns], rows
    return found


def test_readers_find_the_same_in_a_release_wherever_the_catalog_was(
    lake: Lake, tmp_path: Path, server: Any, database: str
) -> None:
    local = Lake(tmp_path / "local", "").create()
    for one in (lake, local):
        fill(one)
    served, here = publish(lake), publish(local)
    server.admin(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
    server.admin(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
    )
    assert served.tables == here.tables
    assert content(lake, served) == content(local, here)
    assert len(content(lake, served)["canonical.every"][1]) == len(VALUES)
    assert b"hidden" not in (served.path / "catalog.sqlite").read_bytes()


def test_publishing_the_same_snapshot_again_is_the_same_release(lake: Lake) -> None:
    fill(lake)
    first = publish(lake)
    with lake.connect() as con:
        con.execute("CREATE TABLE lake.secret.more AS SELECT 1 AS x")
    assert publish(lake).release_id == first.release_id
    with lake.connect() as con:
        con.execute("INSERT INTO lake.canonical.order VALUES (4000, 'new', 1)")
    assert publish(lake).release_id != first.release_id


def test_the_copy_of_a_whole_catalog_opens_as_the_lake(lake: Lake, tmp_path: Path) -> None:
    fill(lake)
    other = tmp_path / "restored"
    (other / "lake").mkdir(parents=True)
    (other / "lake" / "data").symlink_to(lake.paths.data)
    lake.catalog.copy(other / "lake" / "catalog.sqlite", None)
    question = "SELECT * FROM lake.canonical.order ORDER BY ALL"
    with lake.connect() as con, Lake(other, "").connect() as restored:
        assert restored.execute(question).fetchall() == con.execute(question).fetchall()
        assert restored.execute("SELECT count(*) FROM lake.secret.salary").fetchall() == [(3,)]
        restored.execute("INSERT INTO lake.canonical.order VALUES (5000, 'goes on', 1)")
