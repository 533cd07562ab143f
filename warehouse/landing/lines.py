"""Cut a byte stream into blocks of whole lines, whatever comes, in bounded memory."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

BLOCK_BYTES = 1 << 20
KEPT_BYTES = 1 << 16
LINE_FEED = 0x0A
BOM = b"\xef\xbb\xbf"
Numbers = npt.NDArray[np.int64]


@dataclass(slots=True, frozen=True)
class Oversize:
    """Where the whole of a line over the limit is kept: a file named by its SHA-256."""

    name: str
    size: int


class Line(NamedTuple):
    """One line: number from 1, offset of its first byte, its bytes without the line feed.

    Of an oversize line `raw` is the head.
    """

    number: int
    offset: int
    raw: bytes
    is_ended: bool = True
    oversize: Oversize | None = None


class Block:
    """Whole lines that lie one after another, as the stream gave them."""

    def __init__(self, data: bytes, number: int, offset: int) -> None:
        self.data, self.number, self.offset = data, number, offset
        ends = np.flatnonzero(np.frombuffer(data, np.uint8) == LINE_FEED) + 1
        if not len(ends) or ends[-1] != len(data):
            ends = np.append(ends, len(data))
        self.starts = np.concatenate(([0], ends)).astype(np.int32)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def raw(self, index: int) -> bytes:
        """Return a line's bytes with its line feed."""
        return self.data[self.starts[index] : self.starts[index + 1]]

    def line(self, index: int) -> Line:
        """Return one line."""
        raw = self.raw(index)
        offset = self.offset + int(self.starts[index])
        return Line(self.number + index, offset, raw.removesuffix(b"\n"), raw.endswith(b"\n"))

    def texts(self) -> pa.Array:
        """Return the lines as Arrow strings that share the block's memory; not validated."""
        buffers = [None, pa.py_buffer(self.starts), pa.py_buffer(self.data)]
        return pa.Array.from_buffers(pa.string(), len(self), buffers)

    @cached_property
    def not_utf8(self) -> frozenset[int]:
        """Which lines are no UTF-8."""
        if _is_utf8(self.data):
            return frozenset()
        return frozenset(i for i in range(len(self)) if not _is_utf8(self.raw(i)))


def read(stream: BinaryIO, limit: int, aside: Path) -> Iterator[Block | Line]:
    """Yield the lines of `stream` in blocks; one longer than `limit` bytes comes as a Line.

    aside: the folder in which the whole of such a line is kept.
    """
    parts: list[bytes] = []
    size = 0
    long: _Long | None = None
    begun, pieces = _begin(stream)
    number, offset = 1, begun
    for piece in pieces:
        cut = piece.rfind(b"\n") + 1
        if not cut:
            if long is not None:
                long.add(piece)
                continue
            parts.append(piece)
            size += len(piece)
            if size > limit:
                long = _Long(aside, parts)
                parts, size = [], 0
            continue
        head, rest = piece[:cut], piece[cut:]
        if long is not None:
            end = head.index(b"\n")
            long.add(head[:end])
            yield long.line(number, offset, is_ended=True)
            number, offset = number + 1, offset + long.size + 1
            head, long = head[end + 1 :], None
        for one in _blocks(b"".join((*parts, head)), number, offset, limit, aside):
            yield one
            number += len(one) if isinstance(one, Block) else 1
        offset += size + len(head)
        parts, size = ([rest], len(rest)) if rest else ([], 0)
    if long is not None:
        yield long.line(number, offset, is_ended=False)
    elif parts:
        yield from _blocks(b"".join(parts), number, offset, limit, aside)


def _begin(stream: BinaryIO) -> tuple[int, Iterator[bytes]]:
    """Return how many bytes a byte order mark takes, and what follows in pieces."""
    # read1 gives what a pipe has, instead of waiting for a whole block.
    read1 = getattr(stream, "read1", stream.read)
    first = b""
    while len(first) < len(BOM) and (more := read1(BLOCK_BYTES)):
        first += more
    rest = first.removeprefix(BOM)
    more_pieces = iter(lambda: read1(BLOCK_BYTES), b"")
    return len(first) - len(rest), chain([rest] if rest else [], more_pieces)


def _blocks(
    data: bytes, number: int, offset: int, limit: int, aside: Path
) -> Iterator[Block | Line]:
    if not data:
        return
    block = Block(data, number, offset)
    sizes = np.diff(block.starts)
    begun = 0
    # A line may be long without its line feed only; both are counted here, to be sure.
    for index in np.flatnonzero(sizes > limit):
        raw = block.raw(int(index))
        if len(raw.removesuffix(b"\n")) <= limit:
            continue
        at = int(block.starts[index])
        if at > begun:
            yield Block(data[begun:at], number, offset + begun)
            number += int(index) - int(np.searchsorted(block.starts, begun))
        long = _Long(aside, [raw.removesuffix(b"\n")])
        yield long.line(number, offset + at, is_ended=raw.endswith(b"\n"))
        number, begun = number + 1, at + len(raw)
    if begun < len(data):
        yield Block(data[begun:], number, offset + begun) if begun else block


def _is_utf8(raw: bytes) -> bool:
    if raw.isascii():
        return True
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class _Long:
    """A line over the limit: written aside as it comes, its head kept."""

    def __init__(self, aside: Path, begun: list[bytes]) -> None:
        aside.mkdir(parents=True, exist_ok=True)
        self._path = aside / f".{secrets.token_hex(8)}"
        self._file = self._path.open("wb")
        self._digest = hashlib.sha256()
        self._head = b""
        self.size = 0
        for piece in begun:
            self.add(piece)

    def add(self, piece: bytes) -> None:
        if len(self._head) < KEPT_BYTES:
            self._head += piece[: KEPT_BYTES - len(self._head)]
        self._file.write(piece)
        self._digest.update(piece)
        self.size += len(piece)

    def line(self, number: int, offset: int, *, is_ended: bool) -> Line:
        """Name the file by what it holds and return the line."""
        name = self._digest.hexdigest()
        with self._file:
            self._file.flush()
            os.fsync(self._file.fileno())
        self._path.replace(self._path.with_name(name))
        return Line(number, offset, self._head, is_ended, Oversize(name, self.size))
