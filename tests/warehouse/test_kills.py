"""Loads and upkeep killed at any moment, and at any system call that writes, end as if undisturbed.

`python -m benchmarks.kills --kills 1000` does the same for longer.
"""

from collections.abc import Iterator
from random import Random

import pytest

from benchmarks.kills import killing
from benchmarks.kills.nursery import Nursery
from benchmarks.kills.trial import Tally, Trial

HOWS = [
    "moment",
    pytest.param(
        "call",
        marks=pytest.mark.skipif(
            not killing.can_trace(), reason="strace is not there, or may not trace"
        ),
    ),
]


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as started:
        yield started


@pytest.fixture(scope="module", params=["load", "upkeep"])
def trial(
    request: pytest.FixtureRequest, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> Trial:
    prepared = Trial(request.param, tmp_path_factory.mktemp(request.param), nursery)
    prepared.prepare(traced=killing.can_trace())
    return prepared


def kill(trial: Trial, how: str, kills: int, seed: int) -> None:
    draw, tally = Random(seed), Tally()  # noqa: S311 - moments, not secrets
    while tally.killed < kills:
        trial.run(draw, tally, traced=how == "call")
        assert tally.faults == []


@pytest.mark.parametrize("how", HOWS)
def test_a_killed_writer_loses_and_doubles_nothing(trial: Trial, how: str) -> None:
    kill(trial, how, 2, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("kills", [15, pytest.param(60, marks=pytest.mark.long)])
def test_many_killed_writers_lose_and_double_nothing(trial: Trial, how: str, kills: int) -> None:
    kill(trial, how, kills, seed=kills)
