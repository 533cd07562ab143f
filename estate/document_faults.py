"""Faults in the 3PL's documents: one sent twice and corrected, one that comes after the goods.

A document that was sent cannot be taken back, so that clearing them changes nothing: what was said
last is the truth.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from estate.deeds import Deed
from estate.store import EstateError
from estate.world import World
from estate.x12 import Segment, put_file

CASES = 3
Sets = list[list[Segment]]


@dataclass(frozen=True)
class Document(Deed):
    """`send` sends what is wrong, then what is right; it gives the numbers of what it met."""

    line: str
    send: Callable[[World, datetime], list[str]]

    def commit(self, connection: Connection, world: World, name: str, at: datetime) -> list[Any]:
        """Send it after the close. Raises EstateError where no document lends itself."""
        # A file's name and its GS tell minutes only: each fault has ten of its own.
        evening = world.close + timedelta(minutes=10 * (1 + sorted(DOCUMENTS).index(name)))
        met = self.send(world, evening)
        if not met:
            raise EstateError(
                f"Fault '{name}' finds no document of the 3PL that it could meet. Advance a few"
                " days, then inject it."
            )
        return list(met)

    def mend(self, connection: Connection, world: World, targets: list[Any], at: datetime) -> None:
        """Nothing: what was sent last is right."""


def _advice_twice(world: World, at: datetime) -> list[str]:
    wrong: Sets = []
    right: Sets = []
    for path in reversed(_sent(world, "945")):
        for body in _sets(path):
            place = next(
                (n for n, s in enumerate(body) if s[0] == "W12" and s[3].isdigit() and int(s[3])),
                None,
            )
            if body[0][1] != "F" or place is None or len(wrong) == CASES:
                continue
            right.append([("W06", "R", *body[0][2:]), *body[1:]])
            line = body[place]
            fewer, short = str(int(line[3]) - 1), str(int(line[4]) + 1)
            total = str(int(body[-1][1]) - 1)
            wrong.append([
                *body[:place], ("W12", "CP", line[2], fewer, short, *line[5:]),
                *body[place + 1 : -1], ("W03", total, *body[-1][2:]),
            ])  # fmt: skip
        if wrong:
            break
    for minutes in (0, 1):
        put_file(world, "945", wrong, at + timedelta(minutes=minutes))
    put_file(world, "945", right, at + timedelta(minutes=5))
    return [body[0][4] for body in right]


def _received_before_notice(world: World, at: datetime) -> list[str]:
    received = [body[0][4] for path in _sent(world, "944") for body in _sets(path)]
    notices = {
        segment[1]: body
        for path in sorted((world.drop_folder / "inbound").glob("856_*.edi"))
        for body in _sets(path)
        for segment in body
        if segment[0] == "PRF"
    }
    late = list(dict.fromkeys(po_no for po_no in reversed(received) if po_no in notices))[:CASES]
    for path in sorted((world.drop_folder / "inbound").glob("856_*.edi")):
        _take_out(world, path, set(late))
    put_file(world, "856", [notices[po_no] for po_no in late], at)
    return late


def _sent(world: World, kind: str) -> list[Path]:
    """Files of a kind from the partner up to the close, the oldest first."""
    limit = f"{kind}_{world.close:%Y%m%d_%H%M}"
    found = (world.drop_folder / "inbound").glob(f"{kind}_*.edi")
    return sorted(p for p in found if p.name < limit and "_resent" not in p.name)


def _segments(path: Path) -> list[Segment]:
    text = path.read_bytes().decode("utf-8-sig")
    return [tuple(part.split("*")) for part in re.split(r"[~\r\n]+", text) if part]


def _sets(path: Path) -> Iterator[list[Segment]]:
    """The transaction sets of a file, without their envelopes; every segment has its five parts."""
    body: list[Segment] = []
    for segment in _segments(path):
        if segment[0] == "ST":
            body = []
        elif segment[0] == "SE":
            yield body
            # What follows is the envelope's and no longer the set's.
            body = []
        else:
            body.append(segment + ("",) * (5 - len(segment)))


def _take_out(world: World, path: Path, orders: set[str]) -> None:
    """Let a file never have held the notices of these orders."""
    kept: list[list[Segment]] = []
    interchange: list[Segment] = []
    body: list[Segment] = []
    sets, is_changed = 0, False
    for segment in _segments(path):
        if segment[0] == "ISA":
            interchange, sets = [], 0
        if segment[0] == "ST":
            body = []
        body.append(segment)
        if segment[0] == "SE":
            if any(part[0] == "PRF" and part[1] in orders for part in body):
                is_changed = True
            else:
                interchange += body
                sets += 1
        elif segment[0] in {"ISA", "GS", "IEA"}:
            interchange.append(segment)
        elif segment[0] == "GE":
            interchange.append(("GE", str(sets), *segment[2:]))
        if segment[0] == "IEA" and sets:
            kept.append(interchange)
    if is_changed:
        text = "".join("*".join(segment) + "~\n" for part in kept for segment in part)
        world.files[str(path.relative_to(world.drop_folder))] = text.encode("ascii") or None


DOCUMENTS = {
    "advice_twice": Document(
        "The 3PL has sent wrong 945s twice and then replaced them: the last ones are the truth.",
        _advice_twice,
    ),
    "received_before_notice": Document(
        "The 3PL's 944s of some purchase orders have come before their 856s.",
        _received_before_notice,
    ),
}
