"""The pulls of a run, started together: extraction runs in parallel, each step waits for its own.

Dagster runs a run's steps one after the other in one process, since a process a step costs 5 s.
A pull only waits for its tap and its target, so threads do that; commits take the lake's lock.
"""

import queue
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

from orchestration import source_lock
from orchestration.hub import Hub
from orchestration.settings import Settings
from orchestration.singer import pull
from orchestration.sources import Source
from warehouse import state


@dataclass
class Pulled:
    """A pull that ended: its load and how long it took; its error when it did not go through."""

    load_id: str = ""
    seconds: float = 0
    error: Exception | None = None


@dataclass
class _Running:
    lines: "queue.SimpleQueue[str | None]" = field(default_factory=queue.SimpleQueue)
    pulled: Pulled = field(default_factory=Pulled)


class Pulls:
    """The pulls of one run; those beyond `pulls_at_once` wait for their turn."""

    def __init__(self, settings: Settings, sources: Collection[Source]) -> None:
        """Start them all."""
        self._stop = threading.Event()
        self._turn = threading.Semaphore(settings.pulls_at_once)
        self._running = {source.name: _Running() for source in sources}
        for source in sources:
            # Daemons, so that a run that is ended does not wait here: tap and target go on alone,
            # what they commit is whole, and the source's lock keeps the next pull waiting.
            threading.Thread(target=self._pull, args=(settings, source), daemon=True).start()

    def wait(self, source: str, say: Callable[[str], None]) -> Pulled:
        """Pass on what a pull says until it has ended; an interruption stops all pulls."""
        running = self._running[source]
        try:
            for line in iter(running.lines.get, None):
                say(line)
        except BaseException:
            self.stop()
            raise
        return running.pulled

    def stop(self) -> None:
        """End the pulls that run, and begin no other."""
        self._stop.set()

    def _pull(self, settings: Settings, source: Source) -> None:
        running = self._running[source.name]
        pulled, began = running.pulled, time.monotonic()
        try:
            with self._turn:
                began = time.monotonic()
                pulled.load_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{source.name}"
                pull(
                    Hub(settings).lake,
                    source,
                    pulled.load_id,
                    running.lines.put,
                    lock_timeout_s=settings.lock_timeout_s,
                    stop=self._stop,
                )
        except Exception as error:
            pulled.error = error
        finally:
            pulled.seconds = time.monotonic() - began
            running.lines.put(None)


def forget(hub: Hub, source: str, streams: Collection[str]) -> tuple[str, ...]:
    """Forget how far a source was read, or some of its streams; return whose marks are gone.

    Waits for a pull that runs, whose last STATE would bring the marks back. Whatever happens
    afterwards, the next pull, whoever starts it, brings everything of these streams.
    """
    lake, timeout_s = hub.lake, hub.settings.lock_timeout_s
    with source_lock.of_pull(lake, source, timeout_s):
        return state.forget(lake, source, streams)


_BY_RUN: dict[str, Pulls] = {}


def of_run(run_id: str, settings: Settings, sources: Collection[Source]) -> Pulls:
    """Return the pulls of a run; the first step that asks starts them."""
    if run_id not in _BY_RUN:
        _BY_RUN[run_id] = Pulls(settings, sources)
    return _BY_RUN[run_id]


def end_run(run_id: str) -> None:
    """Stop what a run has left, at its end."""
    if pulls := _BY_RUN.pop(run_id, None):
        pulls.stop()
