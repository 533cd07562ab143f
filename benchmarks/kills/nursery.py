"""Start victims quickly: a process that has everything imported and forks one when asked.

A target of its own takes seconds to import; a fork is at work at once, and dies no differently.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

from warehouse.lake import Lake
from warehouse.landing.load import Load
from warehouse.landing.settings import Settings
from warehouse.upkeep.maintain import Keep, maintain


class Nursery:
    """The parent of the victims; use it as a context."""

    def __enter__(self) -> "Nursery":
        self._process = Popen(
            [sys.executable, "-m", "benchmarks.kills.nursery"], stdin=PIPE, stdout=PIPE, text=True
        )
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()

    def start(self, what: str, home: Path, out: Path, gate: Path | None = None) -> int:
        """Fork a victim that loads or maintains; return its process id.

        out: takes the STATEs that it prints, then "done". gate: it waits for this file.
        """
        asked = {"what": what, "home": str(home), "out": str(out), "gate": str(gate or "")}
        return int(self._ask(asked))

    def wait(self, pid: int) -> int:
        """Wait for a victim's end; return its exit code, negative when a signal ended it."""
        return int(self._ask({"pid": pid}))

    def _ask(self, asked: dict[str, Any]) -> str:
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        if pipe_in is None or pipe_out is None:
            raise RuntimeError("The nursery has no pipes.")
        pipe_in.write(json.dumps(asked) + "\n")
        pipe_in.flush()
        return pipe_out.readline()


def load(home: Path, tell: Callable[[str], None]) -> None:
    """Land the stream that lies beside the home, in several commits."""
    settings = Settings(home=home, source="src", batch_rows=200)
    with (home.parent / "stream.jsonl").open("rb") as stream:
        Load(Lake(home).create(), settings, tell).run(stream)


def upkeep(home: Path, tell: Callable[[str], None]) -> None:
    """Maintain the lake as if days had passed."""
    lake = Lake(home).create()
    maintain(lake, datetime.now(UTC) + timedelta(days=3), Keep(timedelta(days=1)))


WORK = {"load": load, "upkeep": upkeep}


def _live(asked: dict[str, str]) -> None:
    gate = Path(asked["gate"])
    while asked["gate"] and not gate.exists():
        time.sleep(0.002)
    with Path(asked["out"]).open("w") as out:

        def tell(state: str) -> None:
            out.write(state + "\n")
            out.flush()

        WORK[asked["what"]](Path(asked["home"]), tell)
        tell("done")


def main() -> None:
    """Fork a victim for each line that asks for one; say what became of it when asked."""
    logging.disable()
    for line in sys.stdin:
        asked = json.loads(line)
        if "pid" in asked:
            _, status = os.waitpid(asked["pid"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the protocol
            continue
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                _live(asked)
                code = 0
            finally:
                os._exit(code)
        print(pid, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
