"""Upkeep killed at any moment and run again leaves what one undisturbed run leaves."""

import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from warehouse import catalog
from warehouse.upkeep import bounds, retention
from warehouse.upkeep.finding import HARMLESS
from warehouse.upkeep.fsck import fsck

MAINTAIN = """
import sys
from datetime import UTC, datetime, timedelta
from warehouse.lake import Lake
from warehouse.upkeep import bounds
from warehouse.upkeep.maintain import Keep, maintain

bounds.FILES_A_TIER = 3
print("begun", flush=True)
keep = Keep(timedelta(0), releases=2, grace=timedelta(0))
maintain(Lake(sys.argv[1]), datetime.now(UTC) + timedelta(minutes=1), keep)
"""


def start(used: Any) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-c", MAINTAIN, str(used.lake.paths.home)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def later() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("seed", "kills"),
    [(0, 3), *(pytest.param(seed, 10, marks=pytest.mark.slow) for seed in range(1, 6))],
)
def test_upkeep_killed_at_any_moment_loses_nothing_and_ends_when_run_again(
    used: Any, seed: int, kills: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "FILES_A_TIER", 3)
    draw = random.Random(seed)  # noqa: S311 - moments, not secrets
    before, released = used.content(), used.released()
    for _ in range(kills):
        process = start(used)
        time.sleep(draw.uniform(0.0, 1.5))
        process.kill()
        process.communicate()
        assert used.content() == before
        assert used.released().items() <= released.items()
        # What is left may be unrecorded or an orphan; nothing that is needed is gone.
        findings = fsck(used.lake, later()).findings
        assert {one.kind for one in findings} <= HARMLESS
    process = start(used)
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert used.content() == before
    assert list(used.released()) == sorted(released)[-2:]
    assert fsck(used.lake, later()).findings == []
    with used.lake.connect(read_only=True) as con:
        needed = set(catalog.of_lake(con)) | retention.needed(used.lake)
        assert not any(one.is_due for one in bounds.measure(con))
    data = used.lake.paths.data
    assert {str(path.relative_to(data)) for path in data.rglob("*.parquet")} == needed
