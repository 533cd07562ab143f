"""Every file that a commit leaves is sealed in it."""

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from warehouse import files

NOW = datetime(2026, 3, 2, 22, tzinfo=UTC)


@pytest.fixture
def con(landed: Any) -> Any:
    with landed.lake.connect() as con:
        columns = "path VARCHAR, sha256 VARCHAR, bytes BIGINT, batch_id VARCHAR"
        con.execute(
            f"CREATE TABLE IF NOT EXISTS lake.hub.file ({columns}, recorded_at TIMESTAMPTZ)"
        )
        con.execute("CREATE SCHEMA lake.src; CREATE TABLE lake.src.t (i BIGINT, v VARCHAR)")
        yield con


def on_disk(data: Path) -> set[str]:
    return {str(path.relative_to(data)) for path in data.rglob("*.parquet")}


def sealed(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, int]]:
    rows = con.execute("SELECT path, sha256, bytes FROM lake.hub.file").fetchall()
    assert len(rows) == len({row[0] for row in rows}), "a file was sealed twice"
    return {path: (digest, size) for path, digest, size in rows}


@pytest.mark.parametrize("seed", range(4))
def test_a_commit_leaves_no_file_without_its_seal(landed: Any, con: Any, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - a plan, no secret
    data = landed.lake.paths.data
    for batch in range(6):
        con.execute("BEGIN")
        for _ in range(draw.randint(1, 4)):
            low, many = draw.randrange(3000), draw.choice([3, 40, 900])
            con.execute(
                draw.choice(
                    [
                        "INSERT INTO lake.src.t SELECT i, 'new' FROM range($low, $high) r(i)",
                        "DELETE FROM lake.src.t WHERE i BETWEEN $low AND $high",
                        "UPDATE lake.src.t SET v = 'changed' WHERE i BETWEEN $low AND $high",
                    ]
                ),
                {"low": low, "high": low + many},
            )
        files.seal(con, landed.lake, f"b{batch}", NOW)
        con.execute("COMMIT")
        assert on_disk(data) <= set(sealed(con))
    for path, (digest, size) in sealed(con).items():
        if (data / path).exists():
            assert files.read(data, path) == files.Seal(path, digest, size)


def test_a_transaction_that_writes_no_file_seals_none(landed: Any, con: Any) -> None:
    con.execute("INSERT INTO lake.src.t SELECT i, 'old' FROM range(100) r(i)")
    con.execute("BEGIN")
    con.execute("INSERT INTO lake.src.t VALUES (1, 'in the catalog')")
    assert files.seal(con, landed.lake, "b", NOW) == 0
    con.execute("COMMIT")


def test_a_transaction_of_many_tables_seals_the_file_of_its_seals_too(
    landed: Any, con: Any
) -> None:
    con.execute("BEGIN")
    for i in range(12):
        con.execute(f"CREATE TABLE lake.src.t{i} AS SELECT i FROM range(100) r(i)")
    assert files.seal(con, landed.lake, "b", NOW) == 13
    con.execute("COMMIT")
    assert on_disk(landed.lake.paths.data) == set(sealed(con))


def test_a_table_of_any_name_is_sealed(landed: Any, con: Any) -> None:
    con.execute("BEGIN")
    con.execute('CREATE TABLE lake.src."Ö/../x y" AS SELECT i FROM range(100) r(i)')
    con.execute("CREATE TABLE lake.src.aside AS SELECT i FROM range(100) r(i)")
    con.execute("ALTER TABLE lake.src.aside RENAME TO other")
    assert files.seal(con, landed.lake, "b", NOW) == 2
    con.execute("COMMIT")


def test_what_others_wrote_is_sealed_afterwards_and_once(landed: Any, con: Any) -> None:
    for i in range(12):
        con.execute(f"CREATE TABLE lake.src.t{i} AS SELECT i FROM range(100) r(i)")
    con.execute("ALTER TABLE lake.src.t0 RENAME TO renamed; DELETE FROM lake.src.t1 WHERE i > 50")
    assert files.seal_all(landed.lake, NOW) == 14
    assert files.seal_all(landed.lake, NOW) == 0
    assert on_disk(landed.lake.paths.data) == set(sealed(con))
