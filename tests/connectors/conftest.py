"""Runs a tap in this process and sorts what it writes."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import signal
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from singer_sdk import Tap


@dataclass
class Pull:
    """What one run of a tap wrote, by stream."""

    records: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)
    states: list[dict[str, Any]] = field(default_factory=list)

    @property
    def state(self) -> dict[str, Any]:
        return self.states[-1] if self.states else {}

    def read(self, text: str) -> Pull:
        for line in text.splitlines():
            message = json.loads(line, parse_float=Decimal)
            match message["type"]:
                case "RECORD":
                    self.records[message["stream"]].append(message["record"])
                case "SCHEMA":
                    self.schemas[message["stream"]] = message["schema"]
                    self.keys[message["stream"]] = message["key_properties"]
                case "STATE":
                    self.states.append(message["value"])
        return self


@pytest.fixture(autouse=True)
def the_test_runners_own_signal_handlers() -> Iterator[None]:
    """Put back what a tap in this process replaces: it would end the whole suite as a tap."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _logging_as_before():
    """Take away the handler that a tap's command puts on this process."""
    handlers = logging.root.handlers[:]
    yield
    logging.root.handlers[:] = handlers
    logging.captureWarnings(capture=False)


@pytest.fixture
def pull():
    """Give a function that runs a tap class with a config, and optionally a state and catalog."""

    def run(tap: type[Tap], config: dict[str, Any], state: Any = None, catalog: Any = None) -> Pull:
        written = io.StringIO()
        with contextlib.redirect_stdout(written):
            tap(
                config=dict(config), state=json.loads(json.dumps(state)), catalog=catalog
            ).sync_all()
        return Pull().read(written.getvalue())

    return run


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the repository; tests that need it skip without it."""
    folder = Path(__file__).parents[3] / "shared" / "fixtures"
    if not folder.is_dir():
        pytest.skip("needs real data in ../shared/fixtures, which a plain clone lacks")
    return folder
