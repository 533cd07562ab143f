"""What a drop folder gives: a stream for each transaction set, all from one read of the folder."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from connectors.stream import ContractStream, Record
from connectors.x12.client import Arrival, Folder, Spool
from connectors.x12.documents import WARNINGS, Documents

if TYPE_CHECKING:
    from connectors.x12.tap import TapX12

STATE = "files"
"""Key among the bookmarks: which files were read, and for which streams."""

_LOGGED = 20


class Pull:
    """One read of the folder, shared by the streams; its state is due when all are through."""

    def __init__(self, folder: Folder, documents: Documents, streams: set[str]) -> None:
        self.folder = folder
        self.documents = documents
        self.streams = streams
        self.left = set(streams)
        self._spool: Spool | None = None
        self._failure: Exception | None = None

    def records(self, stream: str) -> Iterator[Record]:
        """Yield a stream's records; the first call reads the folder.

        Raises for every stream what ended that read: none of them has all its records.
        """
        if self._spool is None:
            self._spool = Spool()
            try:
                for arrival in self.folder.arrivals():
                    self._read(arrival, self._spool)
            except Exception as error:
                self._failure = error
        if self._failure is not None:
            raise self._failure
        yield from self._spool.read(stream)

    def finish(self, stream: str, bookmarks: dict[str, Any]) -> None:
        """Note that a stream is through; with the last one, write down the files as read."""
        self.left.discard(stream)
        if not self.left:
            bookmarks[STATE] = {"streams": sorted(self.streams), "read": self.folder.seen}

    def _read(self, arrival: Arrival, spool: Spool) -> None:
        records, warnings = 0, 0
        for stream, record in self.documents.rows(arrival):
            if stream == WARNINGS:
                warnings += 1
                if warnings <= _LOGGED:
                    _log(self.folder.logger, arrival.name, record)
            else:
                records += 1
            if stream in self.streams:
                spool.write(stream, record)
        if warnings > _LOGGED:
            more = warnings - _LOGGED
            self.folder.logger.warning("%s: %d more, see stream warnings", arrival.name, more)
        self.folder.logger.info("%s: %d records", arrival.name, records)


class X12Stream(ContractStream):
    """The records of one kind in the folder's new files."""

    _tap: TapX12

    def get_records(self, context: Mapping[str, Any] | None) -> Iterator[Record]:
        """Yield the records of files not read before."""
        yield from self._tap.pull.records(self.name)
        self._tap.pull.finish(self.name, self.tap_state.setdefault("bookmarks", {}))


def _log(logger: logging.Logger, name: str, warning: Mapping[str, Any]) -> None:
    logger.warning(
        "%s, segment %s, byte %d: %s (%s)",
        name,
        warning["segment_no"] or "-",
        warning["byte_offset"],
        warning["message"],
        warning["code"],
    )
