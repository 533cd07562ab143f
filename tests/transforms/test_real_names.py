"""Real articles are matched by their descriptions alone, rightly and more than equal texts are."""

from pathlib import Path

import pytest

from benchmarks.matching import measure

ARCHIVE = (
    Path(__file__).parents[3]
    / "shared"
    / "fixtures"
    / "uci-online-retail"
    / "online_retail_by_day.tar.xz"
)


@pytest.mark.slow
@pytest.mark.skipif(not ARCHIVE.exists(), reason="the UCI Online Retail fixture is not here")
def test_names_alone_match_at_the_precision_at_which_a_tier_may_act() -> None:
    found = measure(ARCHIVE)
    equal, ours = found["equal texts"], found["Crossdock's fuzzy tier"]
    assert ours[1] / ours[0] >= 0.998
    assert ours[1] / ours[2] >= 0.965 and ours[1] > equal[1]
