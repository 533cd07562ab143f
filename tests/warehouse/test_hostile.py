"""Whatever comes, each unit ends in one place, equal in value: held against an oracle."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.hostile import check
from benchmarks.hostile.streams import Writer
from warehouse.landing import lines

MEMORY = Path("/dev/shm")  # noqa: S108 - only a quicker place than the disk, where there is one
LINE_BYTES = 2048
NO_LIMIT = {"deadline": None, "suppress_health_check": list(HealthCheck)}


class Arena:
    """A lake that many loads share, each under a source of its own; now and then a new one."""

    def __init__(self, make: Callable[[Path], Any], folder: Path) -> None:
        self._make, self._folder, self._number = make, folder, 0

    def next(self) -> tuple[Any, str]:
        place = self._folder / "lake"
        if self._number % 40 == 0:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            self._landed = self._make(place)
        self._number += 1
        return self._landed, f"src{self._number}"


@pytest.fixture(scope="module")
def arena(landed_in: Callable[[Path], Any]) -> Iterator[Arena]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Arena(landed_in, Path(folder))


def faults_of(landed: Any, source: str, data: bytes, *, block: int, batch_rows: int) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK_BYTES", block)
        return check.land(
            landed.lake, source, data, batch_rows=batch_rows, max_line_bytes=LINE_BYTES
        )


def draw_input(seed: int, streams: int | None = None) -> tuple[bytes, int, int]:
    draw = Random(seed)  # noqa: S311 - an example, not a secret
    number, size = streams or draw.choice([1, 1, 2, 3, 6]), draw.choice([5, 20, 60])
    writer = Writer(draw, streams=number, lines=size, damage=draw.choice([0, 0.1, 0.5]))
    return (
        writer.write(),
        draw.choice([1, 7, 64, 1000, 1 << 20, 1 << 20]),
        draw.choice([size // 4 + 1, 17, 250_000, 250_000]),
    )


@settings(max_examples=60, **NO_LIMIT)
@given(seed=st.integers(0, 2**64))
def test_the_landing_guarantee_holds_for_hostile_streams(arena: Arena, seed: int) -> None:
    data, block, batch_rows = draw_input(seed)
    landed, source = arena.next()
    assert faults_of(landed, source, data, block=block, batch_rows=batch_rows) == []


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(20))
def test_the_landing_guarantee_holds_for_ten_thousand_hostile_streams(
    arena: Arena, shard: int
) -> None:
    for number in range(50):
        data, block, batch_rows = draw_input(1_000 * shard + number, streams=10)
        landed, source = arena.next()
        found = faults_of(landed, source, data, block=block, batch_rows=batch_rows)
        assert found == [], (shard, number)


def test_neither_the_size_of_a_block_nor_of_a_batch_changes_what_is_stored(arena: Arena) -> None:
    data, _, _ = draw_input(7, streams=3)
    for block in (1, 64, 4096):
        for batch_rows in (3, 250_000):
            landed, source = arena.next()
            assert faults_of(landed, source, data, block=block, batch_rows=batch_rows) == []
