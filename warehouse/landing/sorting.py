"""Sort the lines of a block by stream without parsing them."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.landing.gathered import Slice
from warehouse.landing.lines import Block
from warehouse.landing.message import record_head

ODD = -1
# More slices of a block cost more than a copy of its lines.
MANY_RUNS = 16
Codes = npt.NDArray[np.int32]


class Sorter:
    """Knows how the RECORD lines of the streams with a sound SCHEMA begin."""

    def __init__(self) -> None:
        self._codes: dict[bytes, int] = {}
        self._names: list[str] = []

    def know(self, stream: str) -> None:
        """Take the plainly written records of this stream from now on."""
        raw = stream.encode()
        if raw not in self._codes:
            self._codes[raw] = len(self._names)
            self._names.append(stream)

    def knows(self, raw: bytes) -> bool:
        """Say whether a line is a plainly written record of a known stream."""
        found = record_head(raw[:1024])
        return found is not None and found[1] in self._codes

    def name(self, code: int) -> str:
        """Return the stream of a code."""
        return self._names[code]

    def sort(self, block: Block, begin: int, texts: pa.Array) -> Codes:
        """Return a code a line from `begin` on; ODD is looked at one by one."""
        codes = np.full(len(block) - begin, ODD, dtype=np.int32)
        left = np.arange(begin, len(block))
        for index in left[:1]:
            # Most often a whole block is of one stream, whose lines all begin alike.
            found = record_head(block.raw(int(index))[:1024])
            if found is not None and found[1] in self._codes:
                same = pc.starts_with(texts.slice(begin), pattern=found[0].decode())
                mask = np.asarray(same.to_numpy(zero_copy_only=False))
                codes[mask] = self._codes[found[1]]
                left = left[~mask]
        for index in left:
            start, end = block.starts[index], block.starts[index + 1]
            found = record_head(block.data[start : min(end, start + 1024)])
            if found is not None:
                codes[index - begin] = self._codes.get(found[1], ODD)
        for index in block.not_utf8:
            if index >= begin:
                codes[index - begin] = ODD
        return codes


def cut(block: Block, texts: pa.Array, indexes: npt.NDArray[np.int64]) -> Iterator[Slice]:
    """Yield some lines of a block, without a copy where they lie together."""
    starts = block.starts.astype(np.int64)
    runs = np.split(indexes, np.flatnonzero(np.diff(indexes) > 1) + 1)
    if len(runs) > MANY_RUNS:
        runs = [indexes]
    for run in runs:
        first, last = int(run[0]), int(run[-1])
        is_one = last - first + 1 == len(run)
        part = texts.slice(first, len(run)) if is_one else texts.take(pa.array(run))
        size = int((starts[run + 1] - starts[run] - 1).sum())
        yield Slice(part, run + block.number, starts[run] + block.offset, size)
