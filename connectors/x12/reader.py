"""X12 as partners really send it: bytes to segments, each with its place in the file.

The delimiters come from the ISA segment (X12.5): the byte after 'ISA' parts elements, ISA16 parts
components, the byte after ISA16 ends a segment. Beyond the standard it reads a byte order mark,
indentation, wrapped lines, line ends as or beside terminators, and an ISA of a wrong length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

ISA_ELEMENTS = 16
_ISA = re.compile(rb"ISA([^\w\s])")
_ISA_LONGEST = 400  # the standard's is 106 bytes; padding in UTF-8 makes it longer
_LINES = re.compile(rb"[^\r\n]+")
_BLANK = b" \t\r\n\x00\x1a\xef\xbb\xbf\xa0\xc2"


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment: `number` counts from 1 in the file, `offset` is its first byte."""

    tag: str
    elements: tuple[str, ...]
    number: int
    offset: int

    def __getitem__(self, place: int) -> str | None:
        """Give an element by its X12 number, from 1; None where it is empty or not sent."""
        if place > len(self.elements):
            return None
        # X12.6: trailing spaces of an element mean nothing.
        return self.elements[place - 1].rstrip() or None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something wrong in a file, and where; never holds data of the file."""

    code: str
    message: str
    segment: Segment | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Delimiters:
    """What parts elements, components and segments in one interchange."""

    element: bytes
    component: bytes
    terminator: bytes

    @property
    def ends_by_line(self) -> bool:
        """Whether a line end terminates a segment."""
        return self.terminator in b"\r\n"


@dataclass(frozen=True, slots=True)
class Chunk:
    """The bytes of one interchange, as far as the next ISA or the end of the file."""

    offset: int
    data: bytes
    delimiters: Delimiters


def chunks(data: bytes, notices: list[Notice]) -> Iterator[Chunk]:
    """Cut a file at its ISA segments; what belongs to none is noticed."""
    starts = [
        (match.start(), delimiters)
        for match in _ISA.finditer(data)
        if (delimiters := _delimiters(data[match.start() : match.start() + _ISA_LONGEST]))
    ]
    end_of_stray = starts[0][0] if starts else len(data)
    stray = data[:end_of_stray]
    if stray.strip(_BLANK):
        offset = len(stray) - len(stray.lstrip(_BLANK))
        if starts:
            text = "bytes before the first ISA segment belong to no interchange"
            notices.append(Notice("stray_data", text, offset=offset))
        else:
            text = "no readable ISA segment, so nothing of this file is known"
            notices.append(Notice("not_x12", text, offset=offset))
    for place, (start, delimiters) in enumerate(starts):
        end = starts[place + 1][0] if place + 1 < len(starts) else len(data)
        yield Chunk(start, data[start:end], delimiters)


def _delimiters(head: bytes) -> Delimiters | None:
    """Read the delimiters off an ISA segment; None when these bytes are none."""
    element = head[3:4]
    parts = head.split(element, ISA_ELEMENTS)
    if len(parts) <= ISA_ELEMENTS:
        return None
    date, version = parts[9].strip(), parts[12].strip()
    if not (date.isdigit() or version.isdigit()) or any(len(part) > 40 for part in parts[:-1]):
        return None
    tail = parts[ISA_ELEMENTS]
    component, rest = tail[:1], tail[1:]
    terminator = rest[:1]
    if rest.lstrip(b" \t")[:1] in (b"\r", b"\n", b""):
        terminator = b"\n"  # spaces behind ISA16, then the line ends
    if component in (b"\r", b"\n", b"") or terminator.isalnum():
        return None
    return Delimiters(element, component, terminator)


def segments(
    chunk: Chunk, first: int, notices: list[Notice]
) -> tuple[list[Segment], Segment | None]:
    """Split an interchange; gives its segments, and its last one again where that is unended.

    `first` is the number of its first segment in the file.
    """
    found: list[Segment] = []
    last_is_ended = True
    for start, raw, is_ended in _pieces(chunk):
        for offset, text in _lines(chunk, start, raw, notices):
            segment = _segment(chunk, text, first + len(found), chunk.offset + offset, notices)
            if segment:
                found.append(segment)
                last_is_ended = is_ended
    return found, None if last_is_ended or not found else found[-1]


def _pieces(chunk: Chunk) -> Iterator[tuple[int, bytes, bool]]:
    if chunk.delimiters.ends_by_line:
        for line in _LINES.finditer(chunk.data):
            yield line.start(), line.group(), line.end() < len(chunk.data)
        return
    start = 0
    while start < len(chunk.data):
        end = chunk.data.find(chunk.delimiters.terminator, start)
        stop = len(chunk.data) if end < 0 else end
        yield start, chunk.data[start:stop], end >= 0
        start = stop + 1


def _lines(
    chunk: Chunk, start: int, raw: bytes, notices: list[Notice]
) -> Iterator[tuple[int, bytes]]:
    """Undo line ends within a segment: a lost terminator before a tag, else a wrapped line."""
    tagged = re.compile(rb"\s*[A-Z][A-Z0-9]{1,2}" + re.escape(chunk.delimiters.element))
    joined: list[tuple[int, bytes]] = []
    for line in _LINES.finditer(raw):
        offset = start + line.start()
        if not line.group().strip():
            continue
        if joined and not tagged.match(line.group()):
            joined[-1] = (joined[-1][0], joined[-1][1] + line.group())
            continue
        if joined:
            text = "a segment begins on a new line, but the one before was not ended"
            notices.append(Notice("missing_terminator", text, offset=chunk.offset + offset))
        joined.append((offset, line.group()))
    yield from joined


def _segment(
    chunk: Chunk, raw: bytes, number: int, offset: int, notices: list[Notice]
) -> Segment | None:
    text = raw.lstrip(b" \t")
    offset += len(raw) - len(text)
    if chunk.delimiters.ends_by_line:
        text = text.rstrip()
        is_isa = text.startswith(b"ISA" + chunk.delimiters.element)
        if not is_isa and text.endswith(chunk.delimiters.component):
            # ISA16 was left out, so the terminator stands in its place and before each line end.
            text = text[:-1]
    if not text.strip(_BLANK):
        return None
    encoding = "utf-8"
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        # Latin-1 loses no byte; whether it shows the right letters is for the reader to judge.
        encoding = "latin-1"
        said = "a segment is not UTF-8; it was read as Latin-1"
        notices.append(Notice("not_utf8", said, offset=offset))
    parts = text.split(chunk.delimiters.element)
    tag, *elements = (part.decode(encoding, "surrogateescape") for part in parts)
    return Segment(tag.strip(), tuple(elements), number, offset)
