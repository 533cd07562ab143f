"""A small estate that tests read, and a way to make one that they may change."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from estate import Estate

Make = Callable[..., Estate]


@pytest.fixture(scope="session")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    """Six days of 60 orders; not to be changed."""
    home = tmp_path_factory.mktemp("estate")
    return Estate.create(home, orders=360, days=6, products=80)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Create an estate of three days in a folder of the test's own."""

    def make(name: str = "estate", **options: Any) -> Estate:
        return Estate.create(
            tmp_path / name, **{"orders": 90, "days": 3, "products": 40, **options}
        )

    return make
