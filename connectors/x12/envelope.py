"""The envelopes of a file: interchanges, groups and transaction sets, with all that is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.x12.reader import Chunk, Notice, Segment, chunks, segments


@dataclass(slots=True)
class Interchange:
    """ISA to IEA, with what its trailer claims and what was counted."""

    index: int
    header: Segment
    offset: int
    size: int
    component: str
    segments: int = 0
    groups: int = 0
    groups_claimed: str | None = None
    sets: int = 0

    @property
    def no(self) -> str:
        """ISA13, the control number."""
        return self.header[13] or ""


@dataclass(slots=True)
class TransactionSet:
    """ST to SE; `body` is what lies between, `index` counts from 1 in the file."""

    interchange: Interchange
    group: Segment | None
    header: Segment
    index: int
    body: list[Segment] = field(default_factory=list)

    @property
    def code(self) -> str:
        """ST01, like 945."""
        return self.header[1] or ""


@dataclass(slots=True)
class File:
    """All that could be read of a file."""

    interchanges: list[Interchange] = field(default_factory=list)
    sets: list[TransactionSet] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


def read(data: bytes) -> File:
    """Read a file's envelopes; never raises, whatever the bytes are."""
    file = File()
    first = 1
    for chunk in chunks(data, file.notices):
        first += _Assembly(file, chunk, first).run()
    return file


class _Assembly:
    """Puts the segments of one interchange into their envelopes."""

    def __init__(self, file: File, chunk: Chunk, first: int) -> None:
        self.file = file
        self.found, self.unended = segments(chunk, first, file.notices)
        header = self.found[0]
        self.interchange = Interchange(
            len(file.interchanges) + 1,
            header,
            chunk.offset,
            len(chunk.data),
            chunk.delimiters.component.decode("latin-1"),
            segments=len(self.found),
        )
        file.interchanges.append(self.interchange)
        self.group: Segment | None = None
        self.sets_in_group = 0
        self.set: TransactionSet | None = None
        self.ended = False

    def run(self) -> int:
        for segment in self.found[1:]:
            if self.ended:
                self._note("stray_data", "a segment after IEA belongs to nothing", segment)
                continue
            step = {
                "GS": self._open_group,
                "GE": self._close_group,
                "ST": self._open_set,
                "SE": self._close_set,
                "IEA": self._close_interchange,
            }.get(segment.tag)
            if step:
                step(segment)
            elif self.set:
                self.set.body.append(segment)
            else:
                self._note("stray_data", "a segment outside any transaction set", segment)
        self._end()
        return len(self.found)

    def _open_group(self, segment: Segment) -> None:
        self._without_trailer(segment, group=True)
        self.group, self.sets_in_group = segment, 0
        self.interchange.groups += 1

    def _close_group(self, segment: Segment) -> None:
        self._without_trailer(segment)
        if self.group is None:
            self._note("missing_gs", "GE ends a group that no GS began", segment)
            return
        self._count("ge_count", "GE01", segment[1], "sets", self.sets_in_group, segment)
        self._number("ge_control_no", "GE02", segment[2], "GS06", self.group[6], segment)
        self.group = None

    def _open_set(self, segment: Segment) -> None:
        self._without_trailer(segment)
        if self.group is None:
            self._note("missing_gs", "a transaction set in no group", segment)
        self.sets_in_group += 1
        self.interchange.sets += 1
        index = sum(each.sets for each in self.file.interchanges)
        self.set = TransactionSet(self.interchange, self.group, segment, index)

    def _close_set(self, segment: Segment) -> None:
        if self.set is None:
            self._note("missing_st", "SE ends a transaction set that no ST began", segment)
            return
        self._count("se_count", "SE01", segment[1], "segments", len(self.set.body) + 2, segment)
        self._number("se_control_no", "SE02", segment[2], "ST02", self.set.header[2], segment)
        self._keep_set()

    def _close_interchange(self, segment: Segment) -> None:
        self._without_trailer(segment, group=True)
        self.ended = True
        self.interchange.groups_claimed = segment[1]
        counted = self.interchange.groups
        self._count("iea_count", "IEA01", segment[1], "groups", counted, segment)
        self._number("iea_control_no", "IEA02", segment[2], "ISA13", self.interchange.no, segment)

    def _end(self) -> None:
        if self.set and self.unended:
            said = (
                f"the file ends within set {self.set.code}, in the middle of a segment: it was "
                "cut, so nothing of this set is known"
            )
            self._note("truncated_set", said, self.unended)
            self.set = None
        if not self.ended:
            self._without_trailer(self.found[-1], group=True)
            self._note("missing_iea", "the interchange has no IEA", self.found[-1])

    def _without_trailer(self, segment: Segment, *, group: bool = False) -> None:
        if self.set:
            self._note("missing_se", f"set {self.set.code} has no SE", segment)
            self._keep_set()
        if group and self.group:
            self._note("missing_ge", "a group has no GE", segment)
            self.group = None

    def _keep_set(self) -> None:
        if self.set:
            self.file.sets.append(self.set)
            self.set = None

    def _count(
        self, code: str, name: str, claim: str | None, what: str, counted: int, segment: Segment
    ) -> None:
        # At most 10 digits, as the standard has it; int() of a flood of digits would raise.
        if not (claim and claim.isdecimal() and len(claim) <= 10 and int(claim) == counted):
            claimed = claim if claim and claim.isdecimal() else "no number"
            self._note(code, f"{name} says {claimed[:10]}, there are {counted} {what}", segment)

    def _number(
        self,
        code: str,
        name: str,
        got: str | None,
        other: str,
        wanted: str | None,
        segment: Segment,
    ) -> None:
        if (got or "").lstrip("0") != (wanted or "").lstrip("0"):
            self._note(code, f"{name} is not the control number of {other}", segment)

    def _note(self, code: str, message: str, segment: Segment) -> None:
        self.file.notices.append(Notice(code, message, segment, segment.offset))
