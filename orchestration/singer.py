"""Run a Singer tap into the lake: `tap | target-crossdock`, with state in and out of the lake."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from contracts import CrossdockError
from orchestration.sources import Source
from warehouse.lake import Lake
from warehouse.state import read as read_state

_TAIL = 12  # lines of a log that an error shows


class PullError(CrossdockError):
    """A source could not be pulled to its end; what had been committed stays."""


def _command(name: str) -> str:
    """Find a console script: beside the running Python first, as a virtual environment has it."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        raise PullError(
            f"There is no command {name}. Install the tap into Crossdock's environment, "
            "or mend its name in the list of sources."
        )
    return found


@contextmanager
def _unlinked(content: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Hold settings in a file that has no name, so that no secret outlives the process."""
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(content).encode())
        file.flush()
        file.seek(0)
        yield file.fileno(), f"/dev/fd/{file.fileno()}"


class _Log:
    """Reads a process's standard error to its end, redacts it, keeps the tail, passes it on."""

    def __init__(
        self, name: str, stream: IO[bytes], secrets: tuple[str, ...], say: Callable[[str], None]
    ) -> None:
        self.tail: deque[str] = deque(maxlen=_TAIL)
        self._thread = threading.Thread(
            target=self._drain, args=(name, stream, secrets, say), daemon=True
        )
        self._thread.start()

    def _drain(
        self, name: str, stream: IO[bytes], secrets: tuple[str, ...], say: Callable[[str], None]
    ) -> None:
        with stream:
            for raw in stream:
                line = raw.decode("utf-8", "replace").rstrip()
                for secret in secrets:
                    line = line.replace(secret, "***")
                self.tail.append(line)
                say(f"{name}: {line}")

    def end(self) -> str:
        """Wait for the last line and return the tail."""
        self._thread.join(timeout=10)
        return "\n".join(self.tail)


def pull(lake: Lake, source: Source, load_id: str, say: Callable[[str], None]) -> None:
    """Pull one source into the lake and return when everything that came is committed.

    `say` gets each line of both processes' logs, secrets replaced. Raises PullError with the last
    lines of the log when the tap or the target fails.
    """
    secrets = source.secrets()
    tap_config = source.resolved()
    target_config = {
        **source.target,
        "home": str(lake.paths.home),
        "source": source.name,
        "load_id": load_id,
    }
    state = read_state(lake, source.name)
    with (
        _unlinked(tap_config) as (tap_fd, tap_path),
        _unlinked(target_config) as (target_fd, target_path),
        _unlinked(state or {}) as (state_fd, state_path),
    ):
        command = [_command(source.tap), "--config", tap_path]
        if state:
            command += ["--state", state_path]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        tap = subprocess.Popen(  # noqa: S603 - the command is the list of sources', no shell
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(tap_fd, state_fd),
            env=environment,
        )
        target = subprocess.Popen(  # noqa: S603
            [_command("target-crossdock"), "--config", target_path],
            stdin=tap.stdout,
            stdout=subprocess.DEVNULL,  # the state is in the lake, in the rows' own transaction
            stderr=subprocess.PIPE,
            pass_fds=(target_fd,),
            env=environment,
        )
        assert tap.stdout and tap.stderr and target.stderr  # noqa: S101 - all are pipes
        tap.stdout.close()  # the target holds the only reading end: a dead target ends the tap
        logs = {
            source.tap: _Log(source.tap, tap.stderr, secrets, say),
            "target-crossdock": _Log("target-crossdock", target.stderr, secrets, say),
        }
        try:
            codes = {"target-crossdock": target.wait(), source.tap: tap.wait()}
        except BaseException:
            tap.kill()
            target.kill()
            raise
    tails = {name: log.end() for name, log in logs.items()}
    failed = [name for name, code in codes.items() if code != 0]
    if failed:
        # A target that dies takes the tap with it (SIGPIPE): the target's log is the cause.
        name = failed[0]
        raise PullError(
            f"Source {source.name} was not pulled to its end: {name} stopped with exit code "
            f"{codes[name]}. What was committed stays, and the next pull goes on from there. "
            f"Its last words:\n{tails[name]}"
        )
