"""The last units go to one of those who want them, whoever competes."""

from pathlib import Path

import pytest

from benchmarks.oversell import measure


@pytest.mark.slow
def test_nothing_is_sold_twice_when_processes_compete(tmp_path: Path) -> None:
    claimed, refused, oversold = measure(tmp_path / "home", trials=200, processes=4)
    assert oversold == 0
    assert claimed + refused == 200
    assert claimed > 20 and refused > 20, "units were short, and some were had"
