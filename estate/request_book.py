"""Where requests are kept from the moment they are answered until a day carries them out.

A file of its own beside the truth: what was answered stays, also where a day is played again. Each
request and file is given to one day, once and for good, before the day is played.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from estate.request import Request
from estate.request_page import Page

HUBS_FILES = "940_*_XD*.edi"
_TABLES = """
create table if not exists requests (
    seq integer primary key autoincrement, key text not null unique, fingerprint text not null,
    body text not null, code integer not null, answer text not null, verb text not null,
    shipment_no text not null, day integer
);
create index if not exists requests_day on requests (day);
create index if not exists requests_shipment on requests (shipment_no);
create table if not exists effects (
    seq integer not null, order_no text not null, line_no integer not null, node text not null,
    sku text not null, units integer not null
);
create index if not exists effects_line on effects (order_no, line_no);
create index if not exists effects_sku on effects (node, sku);
create index if not exists effects_seq on effects (seq);
create table if not exists numbers (
    shipment_no text primary key, channel text not null, key text not null
);
create table if not exists files (
    sha256 text primary key, name text not null, content blob not null, day integer not null
);
create table if not exists days (day integer primary key);
"""


class RequestBook:
    """The requests of an estate; several processes may keep and draw at the same time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: sqlite3.Connection | None = None

    @classmethod
    def beside(cls, truth: Path) -> "RequestBook":
        """The one of the estate whose truth this is."""
        return cls(truth.with_name("requests.sqlite"))

    @property
    def is_there(self) -> bool:
        """Whether the estate was ever led."""
        return self._path.exists()

    def create(self) -> None:
        """Make it, if it is not there."""
        with closing(self._connect()) as connection:
            connection.executescript(_TABLES)

    def hold(self) -> None:
        """Keep the file open until `let_go`: SQLite clears up each time that nobody has it open.

        For one who asks often; an answer then takes 4 ms, not 25.
        """
        if self._held is None:
            self._held = self._connect()

    def let_go(self) -> None:
        """End what `hold` began."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def remove(self) -> None:
        """Take it away, as a creation begun anew must."""
        for end in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + end).unlink(missing_ok=True)

    @contextmanager
    def writing(self) -> Iterator[Page]:
        """Nobody else writes meanwhile; what was written is on the disk at the end of the block."""
        with closing(self._connect()) as connection:
            connection.execute("begin immediate")
            try:
                yield Page(connection)
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")

    @contextmanager
    def reading(self) -> Iterator[Page]:
        """What stands there at one time."""
        with closing(self._connect()) as connection:
            connection.execute("begin")
            yield Page(connection)

    def draw(self, day: int, outbound: Path | None) -> list[Request]:
        """The requests of a day in the order in which they came, the same each time.

        Those that were kept, then the sets of the hub's files in `outbound`, unless it is None.
        """
        with self.writing() as page:
            if page.open_day(day) and outbound is not None:
                for path in sorted(outbound.glob(HUBS_FILES)):
                    page.take_file(path, day)
            return [*page.requests(day), *page.sets(day)]

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=30, isolation_level=None, check_same_thread=False
        )
        connection.execute("pragma journal_mode = wal")
        # Kept means kept, also where the machine loses its power.
        connection.execute("pragma synchronous = full")
        return connection
