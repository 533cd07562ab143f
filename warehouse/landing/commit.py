"""Bring batches into the lake: read them, then commit them; know those that landed before."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

import duckdb

from warehouse import contracted, ledger, quarantine
from warehouse.lake import Lake
from warehouse.landing import table, typed
from warehouse.landing.batch import Limits, read_into
from warehouse.landing.gathered import Gathered
from warehouse.landing.merge import LoadMethod, Stamp
from warehouse.landing.reasons import HeldBackError
from warehouse.landing.resuming import DIGEST_CHARACTERS, Resuming
from warehouse.landing.settings import Settings
from warehouse.landing.shape import Shape
from warehouse.landing.template import Templates
from warehouse.landing.transaction import Batch, Ready, write
from warehouse.upkeep.compaction import keep_bounded

# DuckDB writes to disk what does not fit; with the lines of a batch this stays below 1 GB.
MEMORY = "400MB"
log = logging.getLogger("target-crossdock")


@dataclass(frozen=True)
class Part:
    """A stream's part of a batch: its shape and SCHEMA, when it has sound ones, and its lines."""

    name: str
    shape: Shape | None
    schema: str | None
    gathered: Gathered


class Committer:
    """The writing end of one load, on a connection of its own."""

    def __init__(
        self, lake: Lake, settings: Settings, limits: Limits, zone: ZoneInfo | None
    ) -> None:
        self._lake, self._settings, self._limits, self._zone = lake, settings, limits, zone
        self._shapes: dict[str, Shape] = {}
        self._templates: dict[Shape, Templates] = {}
        # Plans of tables that are as their stream's SCHEMA wants them, to use again.
        self._plans: dict[Shape, table.Plan] = {}
        self._known: dict[str, tuple[Shape, str | None]] = {}
        self._keyed: set[str] = set()
        self._overwritten: set[str] = set()
        self._appended = contracted.append_only(settings.source)
        # Units that came in the files of BATCH messages; each takes a number as a line does.
        self.shift = 0

    def __enter__(self) -> Self:
        self._con = self._lake.connect()
        self._con.execute(f"SET memory_limit = '{MEMORY}'")
        source, wait = self._settings.source, self._settings.lock_timeout_s
        # Under the lock: while upkeep moves rows out of the catalog, a reader may meet neither.
        with self._lake.lock(wait, f"begin to load {source}"), self._one_snapshot():
            self.resuming = Resuming(self._con, source, self._settings.load_id)
            last = ledger.last_sequence(self._con, source)
            self._keyed = quarantine.keyed(self._con, source)
        self._sequence = max(time.time_ns() // 1000, last + 1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._con.close()

    def commit(
        self,
        parts: list[Part],
        *,
        state: str | None,
        digest: str,
        last_byte: int | None,
        is_final: bool,
    ) -> list[ledger.Entry]:
        """Commit the streams' parts with the STATE; return the ledger's entries.

        digest: of all bytes of the load so far, which tells a batch that landed before a kill;
        last_byte: how many they are.
        """
        begun = time.monotonic()
        batch_id = f"{self._settings.load_id}-{digest[:DIGEST_CHARACTERS]}"
        batch = Batch(batch_id, state, is_final, begun, last_byte)
        stamp = Stamp(self._settings.load_id, datetime.now(UTC), self._sequence + self.shift)
        ready: list[Ready] = []
        if landed := self.resuming.take(digest):
            known = ledger.read_batch(self._con, landed)
            if landed == batch.batch_id:
                log.info("batch %s of this load had landed before", landed)
                self._remember(parts)
                return known
            now = stamp.received_at
            again = tuple(_again(entry, self._settings.load_id, batch, now) for entry in known)
            batch = replace(batch, landed=again)
            log.info("batch %s had landed before; its rows are not loaded again", landed)
        else:
            with self._one_snapshot():
                ready = [self._plan(i, part) for i, part in enumerate(parts) if self._is_due(part)]
            for part in ready:
                if part.plan is not None:
                    self._read(part, part.plan.shape, stamp.sequence)
                    # What a batch itself holds back, a later line of it may heal.
                    is_keyed = any(unit.key for unit in part.gathered.held)
                    part.may_heal = is_keyed or part.stream in self._keyed
            if not ready and state is None and not is_final:
                return []
        with self._lake.lock(self._settings.lock_timeout_s, f"load {self._settings.source}"):
            entries = write(self._lake, self._con, batch, ready, self._settings, stamp)
        self._remember(parts)
        return entries

    def tidy(self) -> None:
        """Keep the source's tables in few files, at the end of a load, whose rows are committed."""
        with self._lake.lock(self._settings.lock_timeout_s, f"tidy {self._settings.source}"):
            try:
                keep_bounded(self._lake, self._con, self._settings.source, datetime.now(UTC))
            except duckdb.OutOfMemoryException:
                log.warning("too little memory to tidy; `crossdock maintain` does it with more")

    def _read(self, ready: Ready, shape: Shape, sequence: int) -> None:
        templates = self._templates.setdefault(shape, Templates(shape))
        read_into(
            self._con,
            ready.gathered,
            shape,
            ready.rows,
            self._limits,
            self._zone,
            templates=templates,
            sequence=sequence,
        )

    def _remember(self, parts: list[Part]) -> None:
        for part in parts:
            if part.shape is not None:
                self._shapes[part.name] = part.shape
                self._known[part.name] = part.shape, part.schema
            if part.gathered.units:
                self._overwritten.add(part.name)
            if any(unit.key for unit in part.gathered.held):
                self._keyed.add(part.name)

    def _is_due(self, part: Part) -> bool:
        is_new = part.shape is not None and self._shapes.get(part.name) != part.shape
        return bool(part.gathered.units) or part.gathered.version is not None or is_new

    @contextmanager
    def _one_snapshot(self) -> Iterator[None]:
        """Ask several questions of one snapshot: DuckLake reads it anew for each statement."""
        self._con.execute("BEGIN")
        try:
            yield
        finally:
            self._con.execute("ROLLBACK")

    def _plan(self, number: int, part: Part) -> Ready:
        ready = Ready(part.name, part.gathered, schema=part.schema)
        if part.shape is None:
            return ready
        method = self._method(part.name)
        try:
            plan = self._plans.get(part.shape)
            if plan is None:
                plan = table.plan(self._con, self._settings.source, part.shape)
                if plan.exists and method is not LoadMethod.OVERWRITE:
                    self._refuse_other_key(part.shape)
                if plan.is_done:
                    self._plans[part.shape] = plan
        except HeldBackError as error:
            typed.write_out(part.shape, part.gathered)
            part.gathered.refuse_all(HeldBackError(error.reason, error.detail))
            return ready
        ready.plan, ready.method, ready.rows = plan, method, f"rows_{number}"
        ready.is_known = self._known.get(part.name) == (part.shape, part.schema)
        if method is LoadMethod.OVERWRITE:
            ready.is_emptied = bool(part.gathered.slices) and part.name not in self._overwritten
        return ready

    def _method(self, stream: str) -> LoadMethod:
        own = self._settings.stream_settings.get(stream)
        if own is not None and own.load_method is not None:
            return own.load_method
        return LoadMethod.APPEND_ONLY if stream in self._appended else self._settings.load_method

    def _refuse_other_key(self, shape: Shape) -> None:
        found = self._con.execute(
            "SELECT key_properties::VARCHAR FROM lake.hub.stream WHERE source = ? AND stream = ?",
            [self._settings.source, shape.stream],
        ).fetchone()
        if found and json.loads(found[0]) != list(shape.keys):
            raise HeldBackError("key_changed", f"the stored key is {found[0]}")


def _again(entry: ledger.Entry, load_id: str, batch: Batch, now: datetime) -> ledger.Entry:
    """Enter what landed before under this load: all of it is a duplicate now."""
    return replace(
        entry,
        load_id=load_id,
        batch_id=batch.batch_id,
        inserted=0,
        updated=0,
        superseded=0,
        deleted=0,
        duplicate=entry.loaded,
        last_byte=batch.last_byte,
        is_final=batch.is_final,
        committed_at=now,
    )
