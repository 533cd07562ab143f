"""The lines of one stream since the last commit: slices of blocks, and what was held back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from warehouse.landing.lines import Line, Numbers
from warehouse.landing.reasons import HeldBackError


class Held(NamedTuple):
    """A unit in quarantine: the line, why, and its key when that can be read."""

    line: Line
    reason: str
    detail: str
    key: list[str] | None = None


@dataclass(frozen=True)
class Slice:
    """RECORD lines of one stream, in order; `texts` with their line feeds, valid UTF-8."""

    texts: pa.Array
    numbers: Numbers
    offsets: Numbers
    bytes: int

    def line(self, index: int) -> Line:
        """Return one line."""
        raw = self.texts[index].as_py().encode()
        number, offset = int(self.numbers[index]), int(self.offsets[index])
        return Line(number, offset, raw.removesuffix(b"\n"), raw.endswith(b"\n"))


@dataclass(frozen=True)
class Again:
    """Units that are read again from quarantine, by line: their ids and sequences."""

    ids: Mapping[int, str]
    sequences: Mapping[int, int]


@dataclass(frozen=True)
class Portion:
    """Rows of a file that a BATCH names: the line of the message, and the first row's number.

    A row takes the number that a line would have had: the message's, and one more for each row
    that came before it in this batch.
    """

    rows: pa.Table
    message: int
    line: int
    first: int


@dataclass
class Gathered:
    """The lines of one stream since the last commit."""

    slices: list[Slice] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    version: int | None = None
    again: Again | None = None
    portion: Portion | None = None
    origin: int | None = None
    first_row: int = 0
    units: int = 0
    bytes: int = 0
    first_line: int | None = None
    last_line: int | None = None
    last_number: int = 0

    def add(self, part: Slice) -> None:
        """Take record lines, to be read at the commit."""
        self.slices.append(part)
        self._count(len(part.numbers), part.bytes, int(part.numbers[0]), int(part.numbers[-1]))

    def add_line(self, line: Line) -> None:
        """Take a record line that came alone; it is valid UTF-8."""
        text = line.raw + b"\n" if line.is_ended else line.raw
        texts = pa.array([text], pa.binary()).cast(pa.string())
        self.add(Slice(texts, np.array([line.number]), np.array([line.offset]), len(line.raw)))

    def add_portion(self, portion: Portion) -> None:
        """Take rows of a file."""
        message = portion.message
        self.portion, self.origin, self.first_row = portion, message, portion.first
        self._count(portion.rows.num_rows, portion.rows.nbytes, message, message)
        self.last_number = portion.line + portion.rows.num_rows - 1

    def take_messages(self, texts: list[str], indexes: list[int]) -> None:
        """Take rows of the portion that were written as messages; they have been counted."""
        if self.portion is not None and indexes:
            rows = np.array(indexes, dtype=np.int64)
            line, first = self.portion.line, self.portion.first
            self.slices.append(Slice(pa.array(texts), rows + line, rows + first, 0))
        self.portion = None

    def hold(self, line: Line, error: HeldBackError) -> None:
        """Put a unit in quarantine that came as a line of its own."""
        size = len(line.raw) if line.oversize is None else line.oversize.size
        self._count(1, size, line.number, line.number)
        self.refuse(line, error)

    def refuse(self, line: Line, error: HeldBackError) -> None:
        """Put a unit in quarantine that was added before."""
        self.held.append(Held(line, error.reason, error.detail, error.key))

    def join(self) -> None:
        """Join the slices into one: a pattern is compiled anew for each."""
        if len(self.slices) > 1:
            self.slices = [
                Slice(
                    pa.concat_arrays([part.texts for part in self.slices]),
                    np.concatenate([part.numbers for part in self.slices]),
                    np.concatenate([part.offsets for part in self.slices]),
                    sum(part.bytes for part in self.slices),
                )
            ]

    def refuse_all(self, error: HeldBackError) -> None:
        """Put every added unit in quarantine for one reason."""
        for part in self.slices:
            for index in range(len(part.numbers)):
                self.refuse(part.line(index), error)
        self.slices = []

    def sequences(self, numbers: Numbers, base: int) -> Numbers:
        """Return the `_sdc_sequence` of lines: by their number, or what it was the first time."""
        if self.again is None:
            return numbers + base
        return np.array([self.again.sequences[int(n)] for n in numbers], dtype=np.int64)

    def _count(self, units: int, size: int, first: int, last: int) -> None:
        self.units += units
        self.bytes += size
        self.first_line = first if self.first_line is None else min(self.first_line, first)
        self.last_line = last if self.last_line is None else max(self.last_line, last)
        self.last_number = max(self.last_number, last)
