"""Readers never meet half a commit, and never a file that is gone."""

from pathlib import Path

import pytest

from benchmarks.readers import measure


@pytest.mark.slow
def test_sixteen_readers_see_no_error_while_others_load_publish_and_tidy(tmp_path: Path) -> None:
    tally = measure(tmp_path / "home", seconds=45, readers=16)
    assert tally.errors == []
    assert tally.counts["reads of the lake"] > 0
    assert tally.counts["reads of releases"] > 0
