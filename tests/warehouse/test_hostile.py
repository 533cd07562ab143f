"""Whatever comes, each unit ends in one place, equal in value: held against an oracle."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.hostile import values
from benchmarks.hostile.oracle import DELETED, OURS, Oracle
from benchmarks.hostile.streams import MARK, MOMENTS, Writer
from warehouse import sql
from warehouse.landing import lines

MEMORY = Path("/dev/shm")  # noqa: S108 - only a quicker place than the disk, where there is one
NAMED = {values.sent("TIMESTAMP WITH TIME ZONE", moment) for moment in MOMENTS[:2]}
LINE_BYTES, DEPTH = 2048, 100


Ask = Callable[..., list[tuple[Any, ...]]]


class Arena:
    """A lake that many loads share, each under a source of its own; now and then a new one."""

    def __init__(self, make: Callable[[Path], Any], folder: Path) -> None:
        self._make, self._folder, self._number = make, folder, 0

    def next(self) -> tuple[Any, str]:
        if self._number % 40 == 0:
            place = self._folder / str(self._number)
            place.mkdir()
            self._landed = self._make(place)
        self._number += 1
        return self._landed, f"src{self._number}"


@pytest.fixture(scope="module")
def arena(landed_in: Callable[[Path], Any]) -> Iterator[Arena]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Arena(landed_in, Path(folder))


def stored(ask: Ask, source: str, stream: str) -> tuple[dict[str, str], Counter[Any]]:
    target = sql.name("lake", source, stream)
    described = ask(f"DESCRIBE {target}")
    columns = {row[0]: row[1] for row in described if row[0] not in OURS | {DELETED}}
    kinds = [*columns.values(), "TIMESTAMP WITH TIME ZONE"]
    asked = [_asked(name, kind) for name, kind in zip([*columns, DELETED], kinds, strict=True)]
    rows = ask(f"SELECT {', '.join(asked)} FROM {target}")
    read = [tuple(map(values.stored, kinds, row)) for row in rows]
    return columns, Counter(
        (*row[:-1], row[-1] if row[-1] is None or row[-1] in NAMED else "now") for row in read
    )


def _asked(name: str, kind: str) -> str:
    quoted = sql.name(name)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"epoch_us({quoted})"
    return f"{quoted}::VARCHAR" if kind in ("DATE", "JSON") else quoted


def faults_of(landed: Any, source: str, data: bytes, *, block: int, batch_rows: int) -> list[str]:
    """Land an input and say where the guarantee does not hold."""
    with landed.lake.connect(read_only=True) as con:
        return _faults_of(
            lambda query, *values: con.execute(query, list(values)).fetchall(),
            landed, source, data, block=block, batch_rows=batch_rows,
        )  # fmt: skip


def _faults_of(
    ask: Ask, landed: Any, source: str, data: bytes, *, block: int, batch_rows: int
) -> list[str]:
    states: list[str] = []
    ledger: list[int] = []

    def emit(state: str) -> None:
        states.append(state)
        ledger.append(count())

    def count() -> int:
        query = "SELECT coalesce(sum(emitted), 0) FROM lake.hub.ledger WHERE source = ?"
        return int(ask(query, source)[0][0])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK_BYTES", block)
        patch.setattr(landed, "states", type("Emitted", (), {"append": staticmethod(emit)}))
        landed.load_bytes(data, source=source, batch_rows=batch_rows, max_line_bytes=LINE_BYTES)
    held = ask(
        """SELECT line, byte_offset, raw, overflow, stream, detail FROM lake.hub.quarantine
        WHERE source = ?""",
        source,
    )
    oracle = Oracle({row[0] for row in held}, line_bytes=LINE_BYTES, depth=DEPTH).read(data)
    faults = oracle.faults
    for line, offset, raw, overflow, _, detail in held:
        oracle.check_held(line, offset, raw, overflow)
        if overflow:
            whole = (landed.lake.paths.oversize / overflow).read_bytes()
            faults += [f"line {line}: aside"] * (whole != oracle.lines[line][1])
        faults += [f"line {line}: its detail shows data"] * (MARK in (detail or ""))
    faults += [f"{len(held)} held"] * (len({row[0] for row in held}) != len(held))
    faults += _ledger_faults(ask, source, oracle, Counter(row[4] for row in held))
    faults += _state_faults(ask, source, oracle, states, ledger)
    for name, table in oracle.tables.items():
        if table.first_keys is None:
            continue
        columns, found = stored(ask, source, name)
        if found != (wanted := oracle.expected(name, columns)):
            odd = found.copy() if not table.has_odd_versions else Counter()
            if table.has_odd_versions:
                odd = Counter({(*row[:-1], "?"): n for row, n in found.items()})
            if odd != wanted:
                faults.append(f"table {name!r}: {odd - wanted} stored, {wanted - odd} lacking")
    return faults


def _ledger_faults(ask: Ask, source: str, oracle: Oracle, held: Counter[str]) -> Iterator[str]:
    query = """SELECT stream, sum(emitted)::BIGINT, sum(loaded)::BIGINT, sum(quarantined)::BIGINT,
        sum(inserted + updated + duplicate + superseded)::BIGINT
        FROM lake.hub.ledger WHERE source = ? GROUP BY stream"""
    entries = ask(query, source)
    if sum(row[1] for row in entries) != oracle.units:
        yield f"{oracle.units} units came; the ledger has {entries}"
    for stream, emitted, loaded, quarantined, fates in entries:
        table = oracle.tables.get(stream)
        wanted = table.loaded if table else 0
        if (loaded, quarantined, fates) != (wanted, held[stream], wanted):
            yield f"ledger of {stream!r}: {loaded}, {quarantined}; not {wanted}, {held[stream]}"
        if emitted != loaded + quarantined:
            yield f"ledger of {stream!r} does not balance"


def _state_faults(
    ask: Ask, source: str, oracle: Oracle, states: list[str], ledger: list[int]
) -> Iterator[str]:
    read = [values.sent("JSON", values.read(state)) or ("null", None) for state in states]
    if read[-1:] != oracle.states[-1:]:
        yield "the last STATE was not printed, or another"
    at = 0
    for state, committed in zip(read, ledger, strict=True):
        try:
            at = oracle.states.index(state, at)
        except ValueError:
            yield f"STATE {state} was printed, but never came, or out of order"
            return
        if committed < oracle.units_before_state[at]:
            yield f"STATE {state} was printed before {oracle.units_before_state[at]} units landed"
        at += 1
    kept = ask("SELECT state::VARCHAR FROM lake.hub.state WHERE source = ?", source)
    if [values.sent("JSON", values.read(row[0])) for row in kept] != read[-1:]:
        yield "the stored STATE is not the last one printed"


def draw_input(seed: int) -> tuple[bytes, int, int]:
    draw = Random(seed)  # noqa: S311 - an example, not a secret
    streams, size = draw.choice([1, 1, 2, 3, 6]), draw.choice([5, 20, 60])
    writer = Writer(draw, streams=streams, lines=size, damage=draw.choice([0, 0.1, 0.5]))
    return (
        writer.write(),
        draw.choice([1, 7, 64, 1000, 1 << 20, 1 << 20]),
        draw.choice([size // 4 + 1, 17, 250_000, 250_000]),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**64))
def test_the_landing_guarantee_holds_for_hostile_streams(arena: Arena, seed: int) -> None:
    data, block, batch_rows = draw_input(seed)
    landed, source = arena.next()
    assert faults_of(landed, source, data, block=block, batch_rows=batch_rows) == []
