"""One load: a Singer stream from its first byte to its last commit."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from filelock import FileLock, Timeout

from warehouse.errors import LandingError
from warehouse.lake import Lake
from warehouse.landing import lines, message
from warehouse.landing.batch import Gathered, Limits
from warehouse.landing.commit import Committer
from warehouse.landing.lines import Line
from warehouse.landing.reasons import HeldBackError
from warehouse.landing.settings import Settings
from warehouse.landing.shape import Shape, read_shape
from warehouse.landing.strict_json import Number, parse, plain

log = logging.getLogger("target-crossdock")
# Fewer units than this say nothing about the share that is held back.
JUDGED_UNITS = 100


@dataclass
class Stream:
    """A stream of this load: its shape when it has a sound one, and the lines since a commit."""

    name: str
    shape: Shape | None = None
    error: HeldBackError | None = None
    gathered: Gathered = field(default_factory=Gathered)


@dataclass
class Totals:
    """What a load did so far."""

    emitted: int = 0
    loaded: int = 0
    quarantined: int = 0


class Load:
    """Lands a Singer stream in the lake; `emit` gets each STATE once its rows are committed."""

    def __init__(self, lake: Lake, settings: Settings, emit: Callable[[str], None]) -> None:
        self._lake = lake
        self._settings = settings
        self._emit = emit
        self._limits = Limits(settings.max_line_bytes, settings.max_depth, settings.max_columns)
        self._zone = ZoneInfo(settings.naive_timezone) if settings.naive_timezone else None
        self._streams: dict[str, Stream] = {}
        self._fast: dict[bytes, Stream] = {}
        self._state: str | None = None
        self._digest = hashlib.sha256()
        self._rows = 0
        self._bytes = 0
        self.totals = Totals()

    def run(self, stream: BinaryIO) -> Totals:
        """Land the whole stream; raise LandingError when it cannot go on."""
        settings = self._settings
        path = self._lake.paths.catalog.parent / f"source-{settings.source}.lock"
        lock = FileLock(path, timeout=settings.lock_timeout_s, fallback_to_soft=False)
        try:
            held = lock.acquire()
        except Timeout as error:
            raise LandingError(
                f"Another load of '{settings.source}' is running; waited "
                f"{settings.lock_timeout_s:g} s. Run again once it has ended. Lock: {path}"
            ) from error
        with held, Committer(self._lake, settings, self._limits, self._zone) as committer:
            for line in lines.read(stream, settings.max_line_bytes):
                self._take(line, committer)
                if self._rows >= settings.batch_rows or self._bytes >= settings.batch_bytes:
                    self._flush(committer)
            self._flush(committer, is_final=True)
        return self.totals

    def _take(self, line: Line, committer: Committer) -> None:
        raw = line.raw
        self._digest.update(raw)
        self._digest.update(b"\n")
        name = message.fast_stream(raw)
        if name is not None and line.oversize is None:
            known = self._fast.get(name)
            if known is not None and known.shape is not None:
                self._count(line)
                known.gathered.lines.append(line)
                return
        if not raw.strip() and line.oversize is None:
            return
        try:
            if line.oversize is not None:
                raise HeldBackError("too_large", line.oversize)
            parsed = parse(raw, max_depth=self._limits.depth, is_ended=line.is_ended)
            self._route(message.classify(parsed), line, committer)
        except HeldBackError as error:
            self._count(line)
            self._stream(message.claimed_stream(raw)).gathered.hold(line, error)

    def _route(self, found: message.Message, line: Line, committer: Committer) -> None:
        match found.type:
            case "RECORD":
                stream = self._sound(found.stream)
                self._count(line)
                stream.gathered.lines.append(line)
            case "SCHEMA":
                self._schema(found, committer)
            case "STATE":
                self._state = message.state_text(found)
            case "ACTIVATE_VERSION":
                version = found.body.get("version")
                if not isinstance(version, Number) or not version.isdigit() or len(version) > 18:
                    raise HeldBackError("missing_field", "'version' is no whole number")
                self._sound(found.stream).gathered.version = int(version)
                self._flush(committer)
            case _:
                raise HeldBackError("unsupported_message", "BATCH; send RECORD messages instead")

    def _sound(self, name: str) -> Stream:
        """Return a stream that can take records; else raise HeldBackError saying why not."""
        stream = self._streams.get(name)
        if stream is None or (stream.shape is None and stream.error is None):
            raise HeldBackError("no_schema", "no SCHEMA of this stream came before")
        if stream.error is not None:
            raise HeldBackError(stream.error.reason, f"its SCHEMA: {stream.error.detail}")
        return stream

    def _schema(self, found: message.Message, committer: Committer) -> None:
        stream = self._stream(found.stream)
        try:
            shape = self._shape(found)
        except HeldBackError as error:
            self._flush(committer)
            stream.shape, stream.error = None, error
            raise
        if shape != stream.shape:
            # What came before is read by the shape that was in force then.
            if stream.gathered.units:
                self._flush(committer)
            stream.shape, stream.error = shape, None
            self._fast[found.stream.encode()] = stream

    def _shape(self, found: message.Message) -> Shape:
        names = found.body.names()
        if "schema" not in names:
            raise HeldBackError("missing_field", "the SCHEMA has no 'schema'")
        for other in self._streams:
            if other != found.stream and other.lower() == found.stream.lower():
                raise HeldBackError("name_collision", f"the stream's name meets {other!r}")
        try:
            schema: Any = plain(found.body.get("schema"))
        except (ValueError, OverflowError):
            raise HeldBackError("invalid_schema", "a number out of range") from None
        keys = plain(found.body.get("key_properties"))
        return read_shape(found.stream, schema, keys, max_columns=self._limits.columns)

    def _stream(self, name: str) -> Stream:
        return self._streams.setdefault(name, Stream(name))

    def _count(self, line: Line) -> None:
        self._rows += 1
        self._bytes += len(line.raw)

    def _flush(self, committer: Committer, *, is_final: bool = False) -> None:
        parts = [(s.name, s.shape, s.gathered) for s in self._streams.values()]
        reached = self._digest.copy()
        if is_final:
            # The end is a place of its own, also when the last batch ended right before it.
            reached.update(b"end")
        digest = reached.hexdigest()
        done = committer.commit(parts, state=self._state, digest=digest, is_final=is_final)
        self.totals.emitted += sum(entry.emitted for entry in done)
        self.totals.loaded += sum(entry.loaded for entry in done)
        self.totals.quarantined += sum(entry.quarantined for entry in done)
        for stream in self._streams.values():
            stream.gathered = Gathered()
        self._rows = self._bytes = 0
        if self._state is not None:
            self._emit(self._state)
            self._state = None
        self._refuse_share()

    def _refuse_share(self) -> None:
        held, all_units = self.totals.quarantined, self.totals.emitted
        limit = self._settings.max_quarantine_share
        if all_units >= JUDGED_UNITS and held > limit * all_units:
            raise LandingError(
                f"{held} of {all_units} units of '{self._settings.source}' were held back, more "
                f"than max_quarantine_share={limit:g} allows. What was read is committed; look at "
                "it with `crossdock quarantine list`, mend the source or its contract, run again."
            )
