"""A load killed at any moment and run again leaves what one undisturbed load leaves."""

import json
import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., "subprocess.Popen[bytes]"]
SETTINGS = {"batch_rows": 400}


def write_stream(path: Path, landed: Any) -> None:
    """Two streams, one without a key, with updates, bad units and a STATE now and then."""
    columns = {"id": {"type": "integer"}, "v": {"type": ["string", "null"]}}
    messages: list[Any] = [
        landed.schema("keyed", columns, ["id"]),
        landed.schema("keyless", columns),
    ]
    for i in range(1200):
        messages.append(landed.record("keyed", {"id": i % 600, "v": f"v{i}"}))
        messages.append(landed.record("keyless", {"id": i, "v": None}))
        if i % 100 == 0:
            messages.append(landed.record("keyed", {"id": "bad", "v": f"v{i}"}))
            messages.append({"type": "STATE", "value": {"at": i}})
    path.write_bytes(landed.to_bytes(*messages))


def content(landed: Any) -> Any:
    keyed = landed.rows("src.keyed", "id, v")
    keyless = landed.rows("src.keyless", "id, v")
    held = landed.ask("SELECT line, reason, raw FROM lake.hub.quarantine ORDER BY ALL")
    state = landed.ask("SELECT source, state::VARCHAR FROM lake.hub.state")
    return keyed, keyless, held, state


def kill_and_run_again(
    landed: Any, start: Start, path: Path, delays: list[float], **more: Any
) -> None:
    home = landed.lake.paths.home
    for delay in delays:
        process = start(home, path, **SETTINGS, **more)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        printed = process.communicate()[0].splitlines()
        stored = landed.ask("SELECT state::VARCHAR FROM lake.hub.state")
        if printed:
            # What was printed was committed: the stored state may be ahead of it, never behind.
            assert json.loads(stored[0][0])["at"] >= json.loads(printed[-1])["at"]
        ended = landed.ask("SELECT 1 FROM lake.hub.ledger WHERE is_final LIMIT 1")
        if ended and not more:
            # Without an id of its own, the same bytes after the end are a new load.
            return
    process = start(home, path, **SETTINGS, **more)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()


@dataclass
class Undisturbed:
    """The stream, what a calm load of it leaves, and the seconds that this load took."""

    path: Path
    content: Any
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, landed_in: Any, start_target: Start
) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    path = folder / "stream.jsonl"
    calm = landed_in(folder)
    write_stream(path, calm)
    begun = time.monotonic()
    process = start_target(calm.lake.paths.home, path, **SETTINGS)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()
    return Undisturbed(path, content(calm), time.monotonic() - begun)


@pytest.mark.parametrize("more", [{}, {"load_id": "run-1"}], ids=["new id", "same id"])
def test_a_load_that_was_killed_and_run_again_neither_loses_nor_doubles(
    landed: Any, start_target: Start, undisturbed: Undisturbed, more: dict[str, str]
) -> None:
    draw = random.Random(20260302)  # noqa: S311 - moments, not secrets
    delays = [draw.uniform(0.4, 1.0) * undisturbed.seconds for _ in range(3)]
    kill_and_run_again(landed, start_target, undisturbed.path, delays, **more)
    assert content(landed) == undisturbed.content


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_many_kills_neither_lose_nor_double(
    landed: Any, start_target: Start, undisturbed: Undisturbed, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 - moments, not secrets
    delays = [draw.uniform(0.1, 1.0) * undisturbed.seconds for _ in range(draw.randint(1, 4))]
    kill_and_run_again(landed, start_target, undisturbed.path, delays)
    assert content(landed) == undisturbed.content


def test_a_load_run_again_under_its_id_is_the_same_load(landed: Any) -> None:
    columns = {"id": {"type": "integer"}}
    messages = [landed.schema("keyless", columns), landed.record("keyless", {"id": 1})]
    for _ in range(3):
        assert landed.load(*messages, load_id="run-1").loaded == 1
    assert landed.rows("src.keyless", "id") == [(1,)]
    assert landed.ask("SELECT sum(emitted) FROM lake.hub.ledger") == [(1,)]


def test_a_load_that_ended_is_not_taken_for_the_next_one(landed: Any) -> None:
    columns = {"id": {"type": "integer"}}
    messages = [landed.schema("keyless", columns), landed.record("keyless", {"id": 1})]
    for _ in range(3):
        landed.load(*messages)
    assert landed.rows("src.keyless", "id") == [(1,)] * 3
