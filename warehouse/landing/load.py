"""One load: a Singer stream from its first byte to its last commit."""

import hashlib
import time
from collections.abc import Callable
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from warehouse.errors import LandingError
from warehouse.lake import Lake
from warehouse.landing import lines, manifest, message, sorting
from warehouse.landing.batch import Limits
from warehouse.landing.commit import Committer, Part
from warehouse.landing.gathered import Gathered
from warehouse.landing.lines import Block, Line
from warehouse.landing.reasons import HeldBackError
from warehouse.landing.settings import Settings
from warehouse.landing.sorting import Sorter
from warehouse.landing.streams import Streams
from warehouse.landing.strict_json import Number, dump, parse
from warehouse.landing.totals import Totals

# Rows of the first batch, and of one after a batch of which many were held back.
MANY_HELD = 50_000


class Load:
    """Lands a Singer stream in the lake; `emit` gets each STATE once its rows are committed."""

    def __init__(self, lake: Lake, settings: Settings, emit: Callable[[str], None]) -> None:
        self._lake = lake
        self._settings = settings
        self._emit = emit
        self._limits = Limits.of(settings)
        self._streams = Streams(settings.max_columns)
        self._sorter = Sorter()
        self._state: str | None = None
        self._digest = hashlib.sha256()
        self._end = 0
        self._block = Block(b"", 1, 0)
        self._hashed = 0
        self._rows = 0
        self._bytes = 0
        # How many of the rows came in files of BATCH messages; a batch has such rows or lines.
        self._filed = 0
        self._begun = time.monotonic()
        # How many rows end a batch; the first shows how many are held back.
        self._enough = min(settings.batch_rows, MANY_HELD)
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
        is_full = self._rows >= self._enough or self._bytes >= settings.batch_bytes
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
                until = min(until, begin + max(1, self._enough - self._rows))
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
                self._gather(block, texts, codes[first - begin : index - begin], first, committer)
                first = index + 1
                self._reach(first)
                self._look(line, committer)
            elif index > begin and self._sorter.knows(line.raw) and index not in block.not_utf8:
                self._gather(block, texts, codes[first - begin : index - begin], first, committer)
                return index
            else:
                self._look(line, committer)
        self._gather(block, texts, codes[first - begin :], first, committer)
        return None

    def _reach(self, index: int) -> None:
        """Take the bytes before a line of the block into the digest."""
        starts = self._block.starts
        self._digest.update(self._block.data[starts[self._hashed] : starts[index]])
        self._hashed = index
        self._end = self._block.offset + int(starts[index])

    def _gather(
        self, block: Block, texts: pa.Array, codes: sorting.Codes, first: int, committer: Committer
    ) -> None:
        for code in np.unique(codes):
            if code == sorting.ODD:
                continue
            self._settle(committer)
            stream = self._streams.get(self._sorter.name(int(code)))
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
            self._streams.sound(name)
        except HeldBackError as error:
            self._count(line)
            self._streams.get(name).gathered.hold(line, error)

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
            self._settle(committer)
            self._count(line)
            self._streams.get(message.claimed_stream(line.raw)).gathered.hold(line, error)

    def _route(self, found: message.Message, line: Line, committer: Committer) -> None:
        match found.type:
            case "RECORD":
                stream, _ = self._streams.sound(found.stream)
                self._settle(committer)
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
                self._streams.sound(found.stream)[0].gathered.version = int(version)
                self._flush(committer)
            case _:
                self._batch(found, line, committer)

    def _batch(self, found: message.Message, line: Line, committer: Committer) -> None:
        """Land the files of a BATCH: a small one with others of its kind, else in portions."""
        stream, shape = self._streams.sound(found.stream)
        listed = manifest.read(found.body, self._settings.batch_root)
        if self._rows > self._filed or stream.gathered.units:
            self._flush(committer)
        for path in listed.files:
            first = line.number + self._filed
            try:
                digest = manifest.digest(path)
                whole = manifest.whole(listed, path, line.number, first)
            except LandingError:
                self._settle(committer)
                raise
            if whole is not None:
                # From here on the bytes of the file are among those that the load has read.
                self._digest.update(digest)
                stream.gathered = whole
                self._filed += whole.units
                self._rows += whole.units
                self._bytes += whole.bytes
                if self._is_due(committer):
                    self._flush(committer)
                return
            self._settle(committer)
            seen = self._digest.digest() + digest
            for gathered in manifest.portions(listed, path, shape, line.number, self._settings):
                part = Part(stream.name, shape, stream.schema, gathered)
                portion = hashlib.sha256(seen + str(gathered.first_row).encode()).hexdigest()
                self._commit(committer, [part], digest=portion)
                committer.shift += gathered.units

    def _settle(self, committer: Committer) -> None:
        """Commit the rows of files before a line comes: it is later than all of them."""
        if self._filed:
            self._flush(committer)

    def _schema(self, found: message.Message, committer: Committer) -> None:
        stream = self._streams.get(found.stream)
        try:
            shape = self._streams.shape(found)
        except HeldBackError as error:
            self._flush(committer)
            stream.shape, stream.error = None, error
            raise
        if shape != stream.shape:
            # What came before is read by the shape that was in force then. One without a row
            # leaves its table all the same, or the size of a batch would say what is stored.
            if stream.shape is not None:
                self._flush(committer)
            stream.shape, stream.error = shape, None
            stream.schema = dump(found.body.get("schema"))
            self._sorter.know(found.stream)

    def _count(self, line: Line) -> None:
        self._rows += 1
        self._bytes += len(line.raw)

    def _flush(self, committer: Committer, *, is_final: bool = False) -> None:
        parts = [Part(s.name, s.shape, s.schema, s.gathered) for s in self._streams.all()]
        reached, held_before, rows = self._digest.copy(), self.totals.quarantined, self._rows
        if is_final:
            # The end is a place of its own, also when the last batch ended right before it.
            reached.update(b"end")
        self._commit(
            committer,
            parts,
            digest=reached.hexdigest(),
            state=self._state,
            last_byte=self._end,
            is_final=is_final,
        )
        for stream in self._streams.all():
            stream.gathered = Gathered()
        # A unit that is held back takes ten times the memory of one that is loaded.
        is_bad = 10 * (self.totals.quarantined - held_before) > rows
        most = self._settings.batch_rows
        self._enough = min(most, MANY_HELD) if is_bad else most
        committer.shift += self._filed
        self._rows = self._bytes = self._filed = 0
        self._begun = time.monotonic()
        if self._state is not None:
            self._emit(self._state)
            self._state = None
        self.totals.refuse_share(self._settings)

    def _commit(
        self,
        committer: Committer,
        parts: list[Part],
        *,
        digest: str,
        state: str | None = None,
        last_byte: int | None = None,
        is_final: bool = False,
    ) -> None:
        done = committer.commit(
            parts, state=state, digest=digest, last_byte=last_byte, is_final=is_final
        )
        self.totals.add(done)
