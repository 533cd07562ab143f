"""One load: a Singer stream from its first byte to its last commit."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from warehouse.errors import LandingError
from warehouse.lake import Lake
from warehouse.landing import lines, message, sorting
from warehouse.landing.batch import Limits
from warehouse.landing.commit import Committer, Part
from warehouse.landing.gathered import Gathered
from warehouse.landing.lines import Block, Line
from warehouse.landing.reasons import HeldBackError
from warehouse.landing.settings import Settings
from warehouse.landing.shape import Shape, read_shape
from warehouse.landing.sorting import Sorter
from warehouse.landing.strict_json import Number, dump, parse, plain

# Fewer units than this say nothing about the share that is held back.
JUDGED_UNITS = 100


@dataclass
class Stream:
    """A stream of this load: its shape when it has a sound one, and the lines since a commit."""

    name: str
    shape: Shape | None = None
    schema: str | None = None
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
        self._limits = Limits.of(settings)
        self._streams: dict[str, Stream] = {}
        self._sorter = Sorter()
        self._state: str | None = None
        self._digest = hashlib.sha256()
        self._end = 0
        self._block = Block(b"", 1, 0)
        self._hashed = 0
        self._rows = 0
        self._bytes = 0
        self._begun = time.monotonic()
        self.totals = Totals()

    def run(self, stream: BinaryIO) -> Totals:
        """Land the whole stream; raise LandingError when it cannot go on."""
        settings = self._settings
        aside = self._lake.paths.oversize
        with (
            self._lake.lock_source(settings.source, settings.lock_timeout_s),
            Committer(self._lake, settings, self._limits, settings.zone) as committer,
        ):
            for part in lines.read(stream, settings.max_line_bytes, aside):
                if isinstance(part, Line):
                    self._digest.update(part.oversize.name.encode() if part.oversize else b"")
                    self._end = part.offset + (part.oversize.size if part.oversize else 0)
                    self._look(part, committer)
                else:
                    self._take(part, committer)
            self._flush(committer, is_final=True)
            committer.tidy()
        return self.totals

    def _is_due(self, committer: Committer) -> bool:
        settings = self._settings
        is_late = self._rows > 0 and time.monotonic() - self._begun >= settings.batch_seconds
        is_full = self._rows >= settings.batch_rows or self._bytes >= settings.batch_bytes
        return (is_full or is_late) and not committer.resuming.is_ahead(self._end)

    def _take(self, block: Block, committer: Committer) -> None:
        """Take a block's lines in order; a batch that landed before ends where it did then."""
        texts, begin, resuming = block.texts(), 0, committer.resuming
        self._block, self._hashed = block, 0
        while begin < len(block):
            cuts = resuming.cuts(self._end, block.offset + len(block.data))
            end = int(np.searchsorted(block.starts, cuts[0] - block.offset)) if cuts else None
            until = len(block) if end is None else end
            if not resuming.is_ahead(self._end):
                until = min(until, begin + max(1, self._settings.batch_rows - self._rows))
            self._take_lines(block, texts, begin, until, committer)
            self._reach(until)
            begin = until
            is_known = until == end and resuming.has(self._digest.hexdigest(), self._end)
            if is_known or self._is_due(committer):
                self._flush(committer)

    def _take_lines(
        self, block: Block, texts: pa.Array, begin: int, end: int, committer: Committer
    ) -> None:
        while begin < end:
            codes = self._sorter.sort(block, begin, texts)[: end - begin]
            stop = self._take_odd(block, texts, codes, begin, committer)
            begin = end if stop is None else stop

    def _take_odd(
        self,
        block: Block,
        texts: pa.Array,
        codes: sorting.Codes,
        begin: int,
        committer: Committer,
    ) -> int | None:
        """Take lines as they were sorted; return the first that has to be sorted anew."""
        first = begin
        for index in (int(i) + begin for i in np.flatnonzero(codes == sorting.ODD)):
            line = block.line(index)
            if not line.raw.strip():
                continue
            if message.is_turning(line.raw):
                # A line that changes how lines are read finds all before it gathered.
                self._gather(block, texts, codes[first - begin : index - begin], first)
                first = index + 1
                self._reach(first)
                self._look(line, committer)
            elif index > begin and self._sorter.knows(line.raw) and index not in block.not_utf8:
                self._gather(block, texts, codes[first - begin : index - begin], first)
                return index
            else:
                self._look(line, committer)
        self._gather(block, texts, codes[first - begin :], first)
        return None

    def _reach(self, index: int) -> None:
        """Take the bytes before a line of the block into the digest."""
        starts = self._block.starts
        self._digest.update(self._block.data[starts[self._hashed] : starts[index]])
        self._hashed = index
        self._end = self._block.offset + int(starts[index])

    def _gather(self, block: Block, texts: pa.Array, codes: sorting.Codes, first: int) -> None:
        for code in np.unique(codes):
            if code == sorting.ODD:
                continue
            stream = self._streams[self._sorter.name(int(code))]
            indexes = np.flatnonzero(codes == code) + first
            if stream.shape is None:
                for index in indexes:
                    self._look_at_record(block.line(int(index)))
                continue
            for part in sorting.cut(block, texts, indexes):
                stream.gathered.add(part)
                self._bytes += part.bytes
            self._rows += len(indexes)

    def _look_at_record(self, line: Line) -> None:
        """Hold back a record of a stream whose SCHEMA is not sound."""
        name = message.claimed_stream(line.raw)
        try:
            parse(line.raw, self._limits.depth, self._limits.values, is_ended=line.is_ended)
            self._sound(name)
        except HeldBackError as error:
            self._count(line)
            self._stream(name).gathered.hold(line, error)

    def _look(self, line: Line, committer: Committer) -> None:
        """Look at one line that is no plainly written record of a known stream."""
        try:
            if line.oversize is not None:
                detail = f"{line.oversize.size} bytes, sha256 {line.oversize.name}"
                raise HeldBackError("too_large", detail)
            parsed = parse(
                line.raw, self._limits.depth, self._limits.values, is_ended=line.is_ended
            )
            self._route(message.classify(parsed), line, committer)
        except HeldBackError as error:
            self._count(line)
            self._stream(message.claimed_stream(line.raw)).gathered.hold(line, error)

    def _route(self, found: message.Message, line: Line, committer: Committer) -> None:
        match found.type:
            case "RECORD":
                stream = self._sound(found.stream)
                self._count(line)
                stream.gathered.add_line(line)
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
            stream.schema = dump(found.body.get("schema"))
            self._sorter.know(found.stream)

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
        parts = [Part(s.name, s.shape, s.schema, s.gathered) for s in self._streams.values()]
        reached = self._digest.copy()
        if is_final:
            # The end is a place of its own, also when the last batch ended right before it.
            reached.update(b"end")
        digest = reached.hexdigest()
        done = committer.commit(
            parts, state=self._state, digest=digest, last_byte=self._end, is_final=is_final
        )
        self.totals.emitted += sum(entry.emitted for entry in done)
        self.totals.loaded += sum(entry.loaded for entry in done)
        self.totals.quarantined += sum(entry.quarantined for entry in done)
        for stream in self._streams.values():
            stream.gathered = Gathered()
        self._rows = self._bytes = 0
        self._begun = time.monotonic()
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
