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

from connectors.tap import FAILED_STREAM, STREAMS_FAILED
from contracts import CrossdockError
from orchestration import batch_folder, source_lock
from orchestration.sources import Source
from warehouse.lake import Lake
from warehouse.state import read as read_state

# The taps whose batches hold, by test, the same values as their records.
_BATCHING = frozenset({"tap-sql"})
_TAIL = 12  # lines of a log that an error shows
_POLL_S = 0.2


class PullError(CrossdockError):
    """A source could not be pulled to its end; what had been committed stays."""


class PullStopped(PullError):
    """A pull was stopped because its run was."""


class StreamsNotPulled(PullError):
    """Some streams of a source failed, each for its reason; the others are landed whole."""

    def __init__(self, source: str, reasons: dict[str, str]) -> None:
        self.reasons = reasons
        said = "; ".join(f"{stream} ({reason})" for stream, reason in reasons.items())
        super().__init__(
            f"Source {source}: {len(reasons)} of its streams failed: {said}. The others are "
            "landed whole. What failed keeps its state, and the next pull goes on from there."
        )


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
        self.failed_streams: dict[str, str] = {}
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
                if found := FAILED_STREAM.search(line):
                    self.failed_streams[found[1]] = found[2]
                say(f"{name}: {line}")

    def end(self) -> str:
        """Wait for the last line and return the tail."""
        self._thread.join(timeout=10)
        return "\n".join(self.tail)


def pull(
    lake: Lake,
    source: Source,
    load_id: str,
    say: Callable[[str], None],
    *,
    lock_timeout_s: float = 600,
    stop: threading.Event | None = None,
) -> None:
    """Pull one source into the lake and return when everything that came is committed.

    `say` gets each line of both processes' logs, secrets replaced. `stop`, when set, ends the pull.
    Raises StreamsNotPulled when some streams failed and the rest is landed; PullError with the last
    lines of the log when the tap or the target fails; SourceBusy when another pull of the source
    has not ended after `lock_timeout_s` seconds.
    """
    # From reading the state to committing the next: else a slower pull would put an older one back.
    with (
        source_lock.of_pull(lake, source.name, lock_timeout_s) as lock,
        batch_folder.of_pull(lake, source.name, load_id) as folder,
    ):
        codes, logs = _run(lake, source, load_id, say, lock, folder, stop or threading.Event())
    failed = [name for name, code in codes.items() if code != 0]
    if not failed:
        return
    if failed == [source.tap] and codes[source.tap] == STREAMS_FAILED:
        reasons = logs[source.tap].failed_streams
        if reasons:
            raise StreamsNotPulled(source.name, reasons)
    # A target that dies takes the tap with it (SIGPIPE): the target's log is the cause.
    name = failed[0]
    raise PullError(
        f"Source {source.name} was not pulled to its end: {name} stopped with exit code "
        f"{codes[name]}. What was committed stays, and the next pull goes on from there. "
        f"Its last words:\n{logs[name].end()}"
    )


def _run(
    lake: Lake,
    source: Source,
    load_id: str,
    say: Callable[[str], None],
    lock: int,
    folder: Path,
    stop: threading.Event,
) -> tuple[dict[str, int], dict[str, _Log]]:
    """Run tap and target to their ends; return their exit codes, the target's first, and logs."""
    secrets = source.secrets()
    tap_config = source.resolved()
    target_config = {
        **source.target,
        "home": str(lake.paths.home),
        "source": source.name,
        "load_id": load_id,
    }
    if source.tap in _BATCHING and "batch_config" not in tap_config:
        storage = {"root": folder.as_uri()}
        tap_config["batch_config"] = {"encoding": {"format": "parquet"}, "storage": storage}
        target_config["batch_root"] = str(folder)
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
        # Where the lake's catalog is, and its password, is no tap's business.
        hidden = {"CROSSDOCK_CATALOG", *lake.catalog.environment()}
        tap = subprocess.Popen(  # noqa: S603 - the command is the list of sources', no shell
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(tap_fd, state_fd, lock),
            env={name: environment[name] for name in environment.keys() - hidden},
        )
        target = subprocess.Popen(  # noqa: S603
            [_command("target-crossdock"), "--config", target_path],
            stdin=tap.stdout,
            stdout=subprocess.DEVNULL,  # the state is in the lake, in the rows' own transaction
            stderr=subprocess.PIPE,
            pass_fds=(target_fd, lock),
            env=environment,
        )
        assert tap.stdout and tap.stderr and target.stderr  # noqa: S101 - all are pipes
        tap.stdout.close()  # the target holds the only reading end: a dead target ends the tap
        logs = {
            "target-crossdock": _Log("target-crossdock", target.stderr, secrets, say),
            source.tap: _Log(source.tap, tap.stderr, secrets, say),
        }
        try:
            codes = {
                "target-crossdock": _wait(target, source.name, stop),
                source.tap: _wait(tap, source.name, stop),
            }
        except BaseException:
            for process in (tap, target):
                process.kill()
            for process in (tap, target):
                process.wait()
            raise
    for log in logs.values():
        log.end()
    return codes, logs


def _wait(process: subprocess.Popen[bytes], source: str, stop: threading.Event) -> int:
    while not stop.is_set():
        try:
            return process.wait(timeout=_POLL_S)
        except subprocess.TimeoutExpired:
            continue
    raise PullStopped(f"The pull of {source} was stopped with its run; what was committed stays.")
