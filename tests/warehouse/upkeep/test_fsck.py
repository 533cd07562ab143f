"""Whatever happens to a file, fsck says so; to a sound lake it says nothing."""

import random
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from warehouse import catalog
from warehouse.upkeep import retention
from warehouse.upkeep.finding import Kind
from warehouse.upkeep.fsck import fsck


def found(used: Any) -> dict[str, Kind]:
    return {one.where: one.kind for one in fsck(used.lake, datetime.now(UTC)).findings}


def needed(used: Any) -> list[str]:
    """Return the files that the lake's snapshots refer to."""
    with used.lake.connect(read_only=True) as con:
        return sorted(catalog.of_lake(con))


def flip(path: Path, draw: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def swap(one: Path, other: Path) -> None:
    aside = one.with_suffix(".aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".holder"
    }


def test_a_sound_lake_has_no_finding_and_is_left_as_it_is(used: Any) -> None:
    home = used.lake.paths.home
    before = snapshot(home)
    report = fsck(used.lake, datetime.now(UTC))
    assert report.findings == []
    assert report.files > 10
    assert snapshot(home) == before


def test_every_flipped_bit_is_found_where_it_is(used: Any) -> None:
    flips(used, 12)


@pytest.mark.slow
def test_two_hundred_flipped_bits_are_found(used: Any) -> None:
    flips(used, 200)


def flips(used: Any, times: int) -> None:
    draw = random.Random(20260302)  # noqa: S311 - a plan, no secret
    data = used.lake.paths.data
    for _ in range(times):
        path = draw.choice(needed(used))
        whole = (data / path).read_bytes()
        flip(data / path, draw)
        seen = found(used)
        # Flipped where the hashes are, it may be that none can be read.
        assert Kind.ALTERED in (seen.get(path), seen.get("hub.file"))
        (data / path).write_bytes(whole)
    assert found(used) == {}


@pytest.mark.parametrize("times", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_two_files_that_changed_places_are_both_found(used: Any, times: int) -> None:
    draw = random.Random(7)  # noqa: S311 - a plan, no secret
    data = used.lake.paths.data
    for _ in range(times):
        one, other = draw.sample(needed(used), 2)
        swap(data / one, data / other)
        seen = found(used)
        assert seen[one] is Kind.ALTERED
        assert seen[other] is Kind.ALTERED
        swap(data / one, data / other)
    assert found(used) == {}


@pytest.mark.parametrize("times", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_a_deleted_file_is_found(used: Any, times: int) -> None:
    draw = random.Random(11)  # noqa: S311 - a plan, no secret
    data = used.lake.paths.data
    for _ in range(times):
        path = draw.choice(needed(used))
        whole = (data / path).read_bytes()
        (data / path).unlink()
        assert found(used)[path] is Kind.MISSING
        (data / path).write_bytes(whole)
    assert found(used) == {}


@pytest.mark.parametrize("times", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_a_truncated_catalog_is_found(used: Any, times: int) -> None:
    draw = random.Random(13)  # noqa: S311 - a plan, no secret
    catalogs = [used.lake.paths.catalog, *used.lake.paths.releases.glob("r*/catalog.sqlite")]
    for number in range(times):
        place = catalogs[number % 2 and draw.randrange(len(catalogs))]
        aside = place.with_suffix(".aside")
        shutil.copy2(place, aside)
        place.chmod(0o644)
        with place.open("r+b") as file:
            file.truncate(draw.randrange(place.stat().st_size))
        seen = fsck(used.lake, datetime.now(UTC)).errors
        wanted = Kind.CATALOG if place == catalogs[0] else Kind.RELEASE
        assert wanted in {one.kind for one in seen}
        aside.replace(place)
    assert found(used) == {}


def test_a_catalog_that_is_gone_is_found(used: Any) -> None:
    used.lake.paths.catalog.unlink()
    assert Kind.CATALOG in found(used).values()


def test_a_file_that_only_a_release_needs_is_looked_after(used: Any) -> None:
    first = used.releases.list()[0].release_id
    with used.lake.lock(), used.lake.connect() as con:
        con.execute("CALL ducklake_expire_snapshots('lake', older_than => now())")
    only = set(released_files(used, first)) - set(needed(used))
    path = only.pop()
    (used.lake.paths.data / path).unlink()
    assert found(used)[path] is Kind.MISSING


def released_files(used: Any, release_id: str) -> list[str]:
    return list(retention.referred(used.lake.paths.releases / release_id))


def test_what_a_killed_writer_left_is_told_and_is_no_error(used: Any) -> None:
    data = used.lake.paths.data
    with used.lake.connect() as con:
        con.execute("BEGIN")
        con.execute("INSERT INTO lake.src.scan (id) SELECT i FROM range(100) r(i)")
        left = (data / "src" / "scan").glob("*.parquet")
        newest = max(left, key=lambda path: path.name)
        kept = newest.read_bytes()
        con.execute("ROLLBACK")
    newest.write_bytes(kept)
    with used.lake.lock(), used.lake.connect() as con:
        con.execute("CREATE TABLE lake.src.bare AS SELECT i FROM range(100) r(i)")
    report = fsck(used.lake, datetime.now(UTC))
    assert sorted(one.kind for one in report.findings) == [Kind.ORPHAN, Kind.UNRECORDED]
    assert report.errors == []


def test_a_line_too_large_for_a_row_is_checked_by_its_name(used: Any) -> None:
    folder = used.lake.paths.data.with_name("oversize")
    folder.mkdir(exist_ok=True)
    place = folder / ("0" * 64)
    place.write_bytes(b"altered")
    assert found(used) == {str(place): Kind.OVERSIZE}


def test_a_catalog_whose_tables_contradict_each_other_is_found(used: Any) -> None:
    with sqlite3.connect(used.lake.paths.catalog) as con:
        con.execute("UPDATE ducklake_delete_file SET delete_count = 1000000")
    con.close()
    (finding,) = {one.what.split(":")[0] for one in fsck(used.lake, datetime.now(UTC)).errors}
    assert finding == "more rows are deleted than there are"
