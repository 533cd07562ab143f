"""Whatever comes, each unit ends in one place, equal in value: held against an oracle.

`python -m benchmarks.hostile --streams 10000` does the same for longer.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.hostile.drawn import MEMORY, Arena, draw_input

NO_LIMIT = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.fixture(scope="module")
def arena() -> Iterator[Arena]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Arena(Path(folder))


@settings(max_examples=25, derandomize=True, **NO_LIMIT)
@given(seed=st.integers(0, 2**64))
def test_the_landing_guarantee_holds_for_hostile_streams(arena: Arena, seed: int) -> None:
    assert arena.faults_of_seed(seed) == []


@pytest.mark.slow
@pytest.mark.parametrize("shard", [1, *(pytest.param(n, marks=pytest.mark.long) for n in (0, 2))])
def test_the_landing_guarantee_holds_for_hundreds_of_hostile_streams(
    arena: Arena, shard: int
) -> None:
    for number in range(25):
        seed = 1_000 * shard + number
        assert arena.faults_of_seed(seed, streams=10) == [], seed


def test_neither_the_size_of_a_block_nor_of_a_batch_changes_what_is_stored(arena: Arena) -> None:
    data, _, _ = draw_input(7, streams=3)
    for block, batch_rows in ((1, 3), (64, 250_000), (4096, 3)):
        assert arena.faults_of(data, block=block, batch_rows=batch_rows) == []
