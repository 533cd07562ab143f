"""Two ways to kill: at a moment, or at the n-th system call that writes."""

import os
import re
import shutil
import signal
import time
from collections import Counter
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, run

from benchmarks.kills.nursery import Nursery

CALLS = "write,pwrite64,fsync,fdatasync,rename,unlink,ftruncate"
STRACE = shutil.which("strace")


def can_trace() -> bool:
    """Say whether strace is there and may trace a process of ours."""
    if STRACE is None:
        return False
    true = shutil.which("true") or "true"
    tried = run([STRACE, "-f", "-qq", "-o", os.devnull, true], stderr=DEVNULL)  # noqa: S603 - ours
    return tried.returncode == 0


def after(nursery: Nursery, what: str, home: Path, out: Path, seconds: float) -> int:
    """Kill a victim after some seconds; return its exit code."""
    pid = nursery.start(what, home, out)
    time.sleep(seconds)
    # Only the nursery reaps: until it is asked to, the id is the victim's, dead or alive.
    os.kill(pid, signal.SIGKILL)
    return nursery.wait(pid)


def at_call(nursery: Nursery, what: str, home: Path, out: Path, number: int) -> int:
    """Kill a victim at a thread's n-th call that writes; return its exit code."""
    inject = ["-e", f"inject={CALLS}:signal=KILL:when={number}"]
    return _traced(nursery, what, home, out, inject, os.devnull)


def count_calls(nursery: Nursery, what: str, home: Path, out: Path) -> int:
    """Return how many calls that write the busiest thread of an undisturbed run makes."""
    log = home.parent / "calls"
    code = _traced(nursery, what, home, out, [], str(log))
    if code:
        raise RuntimeError(f"The undisturbed {what} failed: see {home}.")
    return max(Counter(re.findall(r"(?m)^(\d+) +\w+\(", log.read_text())).values())


def _traced(nursery: Nursery, what: str, home: Path, out: Path, more: list[str], log: str) -> int:
    gate = home.parent / "gate"
    gate.unlink(missing_ok=True)
    pid = nursery.start(what, home, out, gate)
    arguments = [str(STRACE), "-f", "-e", f"trace={CALLS}", *more, "-o", log, "-p", str(pid)]
    with Popen(arguments, stderr=PIPE, text=True) as tracer:  # noqa: S603 - ours, no shell
        if tracer.stderr is None or "attached" not in (said := tracer.stderr.readline()):
            os.kill(pid, signal.SIGKILL)
            nursery.wait(pid)
            raise RuntimeError(f"strace cannot trace: {said}")
        gate.touch()
        code = nursery.wait(pid)
    return code
