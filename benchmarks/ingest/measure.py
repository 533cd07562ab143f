"""Run a command as a process of its own, and measure what it and its children cost."""

import os
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

POLL_S = 0.02


@dataclass(frozen=True)
class Command:
    """What is run: arguments, what is added to the environment, what is fed to its input."""

    arguments: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: Path | None = None


@dataclass(frozen=True)
class Cost:
    """What a process and its children cost: seconds, and megabytes (2**20 bytes) at the peak.

    peak_mb: resident memory of the whole tree, looked at every 20 ms.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float


class FailedError(Exception):
    """A command that was to be measured failed."""


def run(command: Command, folder: Path) -> Cost:
    """Run a command in `folder`, which gets its stdout.log and stderr.log.

    Raises FailedError with the last line of its log when its exit code is not 0.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "stderr.log"
    with (
        (command.stdin or Path(os.devnull)).open("rb") as stdin,
        (folder / "stdout.log").open("wb") as stdout,
        log.open("wb") as stderr,
    ):
        begun = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 - the benchmark's own commands
            command.arguments,
            cwd=folder,
            env={**os.environ, **command.environment},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )
        peak = _Peak(process.pid)
        peak.start()
        # wait4 counts this child and its own alone, whatever else was run before.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        peak.ended.set()
        peak.join()
    if process.returncode:
        said = log.read_text("utf-8", "replace").strip().splitlines() or ["nothing"]
        raise FailedError(
            f"{Path(command.arguments[0]).name} ended with {process.returncode} and said: "
            f"{said[-1][:300]}"
        )
    return Cost(wall, usage.ru_utime + usage.ru_stime, peak.kilobytes / 1024)


class _Peak(threading.Thread):
    """Looks at a process tree's resident memory; ru_maxrss would start at our own (fork)."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.process = process
        self.ended = threading.Event()
        self.kilobytes = 0

    def run(self) -> None:
        while not self.ended.wait(POLL_S):
            now = sum(_resident(process, "VmRSS") for process in _tree(self.process))
            self.kilobytes = max(self.kilobytes, now, _resident(self.process, "VmHWM"))


def _tree(process: int) -> list[int]:
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return [process]
    return [process, *(one for child in children.split() for one in _tree(int(child)))]


def _resident(process: int, what: str) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(what)), 0)
