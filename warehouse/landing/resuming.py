"""What of a stream had landed before a load was cut off, told by the bytes that had come."""

from dataclasses import dataclass

import duckdb

from warehouse import ledger

DIGEST_CHARACTERS = 32


@dataclass(frozen=True)
class Mark:
    """A batch that landed: the bytes of its load that it reached to, and their digest."""

    batch_id: str
    load_id: str
    last_byte: int | None
    is_final: bool

    @property
    def digest(self) -> str:
        """The digest of all bytes of the load up to `last_byte`."""
        return self.batch_id[-DIGEST_CHARACTERS:]


class Resuming:
    """Knows the batches that a load of the same bytes finds landed.

    A load that was killed is taken up again when the same bytes come: otherwise a stream without a
    key would be doubled. It must then be cut into batches where it was cut before.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, source: str, load_id: str) -> None:
        found = ledger.interrupted(con, source, load_id)
        self._marks = [Mark(*row) for row in found]

    def cuts(self, begin: int, end: int) -> list[int]:
        """Return where batches ended between two bytes."""
        ends = {m.last_byte for m in self._marks if m.last_byte is not None and not m.is_final}
        return sorted(one for one in ends if begin < one <= end)

    def is_ahead(self, position: int) -> bool:
        """Say whether a batch that landed reaches beyond a byte: none may end before it."""
        return any((mark.last_byte or 0) > position for mark in self._marks)

    def take(self, digest: str) -> str | None:
        """Return the batch that landed with these bytes, once."""
        for mark in self._marks:
            if mark.digest == digest[:DIGEST_CHARACTERS]:
                self._marks.remove(mark)
                return mark.batch_id
        return None

    def has(self, digest: str, position: int) -> bool:
        """Say whether a batch landed with these bytes; forget loads whose bytes were others."""
        here = [mark for mark in self._marks if mark.last_byte == position and not mark.is_final]
        others = {m.load_id for m in here if m.digest != digest[:DIGEST_CHARACTERS]}
        self._marks = [mark for mark in self._marks if mark.load_id not in others]
        return any(mark.load_id not in others for mark in here)
