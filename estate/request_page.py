"""What the book of requests is asked and told, in one transaction."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from estate.judging import OWN_NUMBERS, REPEATED
from estate.request import Request, parse
from estate.x12_reading import read_orders


@dataclass(frozen=True)
class Kept:
    """A request as it was answered; `answer` is JSON, `day` the one that carries it out."""

    seq: int
    fingerprint: str
    body: str
    code: int
    answer: str
    day: int | None


class Page:
    """What may be asked and written in one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find(self, key: str) -> Kept | None:
        """The request under this key."""
        query = "select seq, fingerprint, body, code, answer, day from requests where key = ?"
        row = self._connection.execute(query, (key,)).fetchone()
        return Kept(*row) if row else None

    def next_seq(self) -> int:
        """The running number that the next request will have."""
        query = "select seq from sqlite_sequence where name = 'requests'"
        row = self._connection.execute(query).fetchone()
        return (row[0] if row else 0) + 1

    def keep(
        self, request: Request, fingerprint: str, body: str, code: int, answer: str
    ) -> int:  # fmt: skip
        """Keep a request with its answer; gives its running number."""
        cursor = self._connection.execute(
            "insert into requests (key, fingerprint, body, code, answer, verb, shipment_no)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (request.key, fingerprint, body, code, answer, request.verb, request.shipment_no),
        )
        return int(cursor.lastrowid or 0)

    def take_number(self, request: Request) -> bool:
        """Whether the shipment's number is this request's, now or since before."""
        if request.shipment_no.startswith(OWN_NUMBERS):
            return False
        mine = (request.channel, request.key)
        self._connection.execute(
            "insert or ignore into numbers values (?, ?, ?)", (request.shipment_no, *mine)
        )
        query = "select channel, key from numbers where shipment_no = ?"
        owner = self._connection.execute(query, (request.shipment_no,)).fetchone()
        return bool(owner == mine)

    def note_effect(
        self, seq: int, order_no: str, line_no: int, node: str, sku: str, units: int
    ) -> None:
        """Write how a request will change what is asked for of a line; signed base units."""
        self._connection.execute(
            "insert into effects values (?, ?, ?, ?, ?, ?)",
            (seq, order_no, line_no, node, sku, units),
        )

    def effects_of(self, seq: int) -> list[tuple[str, int, str, str, int]]:
        """Order, line, node, article and base units of a request's lines."""
        query = "select order_no, line_no, node, sku, units from effects where seq = ?"
        return self._connection.execute(query, (seq,)).fetchall()

    def pending_of_line(self, after: int, order_no: str, line_no: int) -> int:
        """Base units that requests of days `after` that one will take of a line."""
        return self._pending(after, "order_no = ? and line_no = ?", (order_no, line_no))

    def pending_at(self, after: int, node: str, sku: str) -> int:
        """Base units that requests of days `after` that one will take of a node's stock."""
        return self._pending(after, "node = ? and sku = ?", (node, sku))

    def _pending(self, after: int, where: str, values: tuple[object, ...]) -> int:
        query = (
            "select coalesce(sum(units), 0) from effects join requests using (seq)"  # noqa: S608
            f" where {where} and (day is null or day > ?)"
        )
        return int(self._connection.execute(query, (*values, after)).fetchone()[0])

    def pending(self, after: int, shipment_no: str) -> tuple[int | None, bool]:
        """The release of a number that days `after` that one carry out, and if it is cancelled."""
        query = (
            "select seq, verb from requests"
            " where shipment_no = ? and code = 201 and (day is null or day > ?)"
        )
        rows = self._connection.execute(query, (shipment_no, after)).fetchall()
        released = [seq for seq, verb in rows if verb == "release_shipment"]
        return (released[0] if released else None), len(rows) > len(released)

    def open_day(self, day: int) -> bool:
        """Give what no day has yet to this one; False where the day has its own already."""
        cursor = self._connection.execute("insert or ignore into days values (?)", (day,))
        if not cursor.rowcount:
            return False
        self._connection.execute("update requests set day = ? where day is null", (day,))
        return True

    def take_file(self, path: Path, day: int) -> None:
        """Keep a file for this day, unless a day has had it."""
        try:
            content = path.read_bytes()
        except OSError:
            return  # Not to be read today, so it is not remembered either.
        self._connection.execute(
            "insert or ignore into files values (?, ?, ?, ?)",
            (sha256(content).hexdigest(), path.name, content, day),
        )

    def requests(self, day: int) -> Iterator[Request]:
        """The day's requests by the API, also those that were refused when they came."""
        query = "select key, body, code, answer from requests where day = ? order by seq"
        for key, body, code, answer in self._connection.execute(query, (day,)):
            request = parse(key, body)
            yield request if code == 201 else replace(request, flaw=_flaw(answer))

    def sets(self, day: int) -> Iterator[Request]:
        """The day's transaction sets; one whose shipment another has asked for is flawed."""
        query = "select sha256, name, content from files where day = ? order by name, sha256"
        for digest, name, content in self._connection.execute(query, (day,)).fetchall():
            for request in read_orders(digest[:16], name, content):
                # A number is used up also by a set that comes to nothing: its 945 says so for good.
                is_numbered = request.is_release and bool(request.shipment_no)
                is_taken = is_numbered and not self.take_number(request)
                flaw = (REPEATED, f"{request.shipment_no} was asked for before.")
                yield replace(request, flaw=flaw) if is_taken else request


def _flaw(answer: str) -> tuple[str, str]:
    said = json.loads(answer)
    return said["reason"], said["detail"]
