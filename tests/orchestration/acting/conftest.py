"""A hub that has decided, for each test its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.orchestration.acting.acting_hub import ActingHub, acting_hub


@pytest.fixture
def small(tmp_path: Path) -> Iterator[ActingHub]:
    with acting_hub(tmp_path) as made:
        made.decide()
        yield made
