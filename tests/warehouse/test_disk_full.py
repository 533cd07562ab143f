"""A disk that fills up at any point costs no acknowledged row, and the next run goes on."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

SETTINGS = {"batch_rows": 300}
ROWS, STATES = 1200, 100
POINTS = 50


def write_stream(path: Path, landed: Any) -> None:
    columns = {"id": {"type": "integer"}, "v": {"type": "string"}}
    messages: list[Any] = [landed.schema("keyed", columns, ["id"]), landed.schema("log", columns)]
    draw = Random(20260302)  # noqa: S311 - text that does not compress, not a secret
    for i in range(ROWS):
        text = draw.randbytes(60).hex()
        messages.append(landed.record("keyed", {"id": i % 500, "v": text}))
        messages.append(landed.record("log", {"id": i, "v": text}))
        if i % STATES == 0:
            messages += [b"bad", {"type": "STATE", "value": {"at": i + 1}}]
    path.write_bytes(landed.to_bytes(*messages))


def content(landed: Any) -> Any:
    held = landed.ask("SELECT line, reason, raw FROM lake.hub.quarantine ORDER BY ALL")
    state = landed.ask("SELECT source, state::VARCHAR FROM lake.hub.state")
    return landed.rows("src.keyed", "id, v"), landed.rows("src.log", "id, v"), held, state


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory, landed_in: Any) -> tuple[Path, Any, int]:
    """The stream, what it leaves where there is room, and the bytes that this takes."""
    folder = tmp_path_factory.mktemp("roomy")
    path, roomy = folder / "stream.jsonl", landed_in(folder)
    write_stream(path, roomy)
    roomy.load_bytes(path.read_bytes(), **SETTINGS)
    files = [one for one in roomy.lake.paths.home.rglob("*") if one.is_file()]
    return path, content(roomy), sum(one.stat().st_size for one in files)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mount file systems in memory of a few kilobytes, or skip where that is not allowed."""
    mounted = []

    def mount(kilobytes: int) -> Path:
        place = tmp_path / f"disk{len(mounted)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(place)]
        if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("mounting a small file system takes root")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", str(place)], check=True)


def fill_up(landed: Any, target: "subprocess.Popen[bytes]") -> None:
    """Hold a load that had no room to account: one clear line, all that it told is there."""
    printed, said = target.communicate(timeout=120)
    if target.returncode == 0:
        return
    errors = [line for line in said.decode().splitlines() if line.startswith("ERROR")]
    assert target.returncode == 1, said.decode()
    assert len(errors) == 1, said.decode()
    assert "Traceback" not in said.decode()
    assert "disk" in errors[0].lower() or "space" in errors[0].lower(), errors
    states = printed.splitlines()
    if states:
        at = json.loads(states[-1])["at"]
        stored = landed.ask("SELECT state::VARCHAR FROM lake.hub.state")
        assert json.loads(stored[0][0])["at"] >= at
        [(there,)] = landed.ask("SELECT count(*) FROM lake.src.log WHERE id < ?", at)
        assert there == at


def try_points(
    landed_in: Any, start_target: Any, mount: Any, stream: Any, points: list[float]
) -> None:
    path, wanted, size = stream
    for point in points:
        kilobytes = 4 * (int(size * point) // 4096) + 8
        place = mount(2 * size // 1024 + 16 * 1024)
        landed = landed_in(place)
        used = shutil.disk_usage(place).used // 1024
        limit = ["mount", "-o", f"remount,size={used + kilobytes}k", str(place)]
        subprocess.run(limit, check=True)
        fill_up(landed, start_target(landed.lake.paths.home, path, **SETTINGS))
        subprocess.run(["mount", "-o", "remount,size=64m", str(place)], check=True)
        if not landed.ask("SELECT 1 FROM lake.hub.ledger WHERE is_final LIMIT 1"):
            # Where the load had ended, the same bytes again would be a load of their own.
            again = start_target(landed.lake.paths.home, path, **SETTINGS)
            _, said = again.communicate(timeout=120)
            assert again.returncode == 0, said.decode()
        assert content(landed) == wanted, point


def test_a_full_disk_costs_no_acknowledged_row(
    landed_in: Any, start_target: Any, small_disk: Any, stream: Any
) -> None:
    try_points(landed_in, start_target, small_disk, stream, [0.0, 0.3, 0.7])


@pytest.mark.slow
@pytest.mark.parametrize(
    "part", [0, 1, *(pytest.param(part, marks=pytest.mark.long) for part in range(2, 5))]
)
def test_a_disk_full_at_any_point_costs_no_acknowledged_row(
    landed_in: Any, start_target: Any, small_disk: Any, stream: Any, part: int
) -> None:
    tenth = POINTS // 5
    points = [1.1 * (part + 5 * i) / POINTS for i in range(tenth)]
    try_points(landed_in, start_target, small_disk, stream, points)
