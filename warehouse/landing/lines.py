"""Cut a byte stream into lines, whatever comes, in bounded memory."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

BLOCK_BYTES = 1 << 20
KEPT_BYTES = 1 << 16
BOM = b"\xef\xbb\xbf"


@dataclass(slots=True, frozen=True)
class Line:
    """One line: number from 1, offset of its first byte, its bytes without the line feed."""

    number: int
    offset: int
    raw: bytes
    is_ended: bool = True
    oversize: str | None = None


def read(stream: BinaryIO, limit: int) -> Iterator[Line]:
    """Yield the lines of `stream`; of one longer than `limit` bytes only the head is kept.

    Such a line says its size and SHA-256 in `oversize`. Blank lines are yielded as well.
    """
    number, offset = 0, 0
    parts: list[bytes] = []
    size = 0
    long: _Long | None = None
    while block := _read_block(stream):
        pieces = block.split(b"\n")
        last = pieces.pop()
        for piece in pieces:
            number += 1
            if long is not None:
                long.add(piece)
                yield Line(number, offset, long.head, True, long.account())
                offset += long.size + 1
                long = None
            else:
                raw = b"".join((*parts, piece)) if parts else piece
                yield from _whole(number, offset, raw, True, limit)
                offset += len(raw) + 1
            parts, size = [], 0
        if not last:
            continue
        if long is not None:
            long.add(last)
            continue
        parts.append(last)
        size += len(last)
        if size > limit:
            long = _Long(b"".join(parts))
            parts, size = [], 0
    if long is not None:
        yield Line(number + 1, offset, long.head, False, long.account())
    elif parts:
        yield from _whole(number + 1, offset, b"".join(parts), False, limit)


def _read_block(stream: BinaryIO) -> bytes:
    # read1 gives what a pipe has, instead of waiting for a whole block.
    read1 = getattr(stream, "read1", stream.read)
    block: bytes = read1(BLOCK_BYTES)
    return block


def _whole(number: int, offset: int, raw: bytes, is_ended: bool, limit: int) -> Iterator[Line]:
    if number == 1 and raw.startswith(BOM):
        raw, offset = raw[len(BOM) :], offset + len(BOM)
    if len(raw) <= limit:
        yield Line(number, offset, raw, is_ended)
    else:
        long = _Long(raw)
        yield Line(number, offset, long.head, is_ended, long.account())


class _Long:
    """A line over the limit: hashed and counted, its head kept."""

    def __init__(self, begun: bytes) -> None:
        self.head = begun[:KEPT_BYTES]
        self.size = len(begun)
        self._digest = hashlib.sha256(begun)

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        self._digest.update(piece)

    def account(self) -> str:
        return f"{self.size} bytes, sha256 {self._digest.hexdigest()}; the head is kept"
