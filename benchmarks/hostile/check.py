"""Land an input and hold the lake against the oracle: what is stored, held, counted, told."""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.hostile import values
from benchmarks.hostile.oracle import DELETED, OURS, Oracle
from benchmarks.hostile.streams import MARK, MOMENTS
from warehouse import sql
from warehouse.lake import Lake
from warehouse.landing.load import Load
from warehouse.landing.settings import Settings

NAMED = {values.sent("TIMESTAMP WITH TIME ZONE", moment) for moment in MOMENTS[:2]}
Ask = Callable[..., list[tuple[Any, ...]]]


def land(lake: Lake, source: str, data: bytes, **settings: Any) -> list[str]:
    """Land an input of a source that is new to the lake; say where the guarantee does not hold."""
    chosen = Settings(home=lake.paths.home, source=source, **settings)
    states: list[str] = []
    ledger: list[int] = []
    with lake.connect(read_only=True) as con:

        def emit(state: str) -> None:
            states.append(state)
            query = "SELECT coalesce(sum(emitted), 0) FROM lake.hub.ledger WHERE source = ?"
            ledger.append(int(con.execute(query, [source]).fetchall()[0][0]))

        Load(lake, chosen, emit).run(io.BytesIO(data))
    # A connection from before the load may know tables of inlined rows that are gone since.
    with lake.connect(read_only=True) as con:

        def ask(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
            return con.execute(query, list(parameters)).fetchall()

        return _faults(ask, lake, chosen, data, states, ledger)


def _faults(
    ask: Ask, lake: Lake, chosen: Settings, data: bytes, states: list[str], ledger: list[int]
) -> list[str]:
    source = chosen.source
    held = ask(
        """SELECT line, byte_offset, raw, overflow, stream, detail FROM lake.hub.quarantine
        WHERE source = ?""",
        source,
    )
    numbers = {row[0] for row in held}
    oracle = Oracle(numbers, line_bytes=chosen.max_line_bytes, depth=chosen.max_depth)
    faults = oracle.read(data).faults
    faults += [f"{len(held)} held, of {len(numbers)} lines"] * (len(numbers) != len(held))
    for row in held:
        faults += _held_faults(lake, oracle, *row[:4], detail=row[5])
    faults += _ledger_faults(ask, source, oracle, Counter(row[4] for row in held))
    faults += _state_faults(ask, source, oracle, states, ledger)
    for name, table in oracle.tables.items():
        if table.first_keys is not None:
            faults += _table_faults(ask, source, oracle, name)
    return faults


def _held_faults(
    lake: Lake,
    oracle: Oracle,
    line: int,
    offset: int,
    raw: bytes,
    overflow: str | None,
    *,
    detail: str | None,
) -> Iterator[str]:
    at, sent = oracle.lines[line]
    whole = (lake.paths.oversize / overflow).read_bytes() if overflow else raw
    if whole != sent or offset != at:
        yield f"line {line}: its raw bytes or their place are not the line's"
    if MARK in (detail or ""):
        yield f"line {line}: the detail shows data"


def _table_faults(ask: Ask, source: str, oracle: Oracle, name: str) -> Iterator[str]:
    columns, found = _stored(ask, source, name)
    if oracle.tables[name].has_odd_versions:
        found = Counter((*row[:-1], "?") for row in found.elements())
    wanted = oracle.expected(name, columns)
    if found != wanted:
        yield f"table {name!r}: {found - wanted} stored, {wanted - found} lacking"


def _stored(ask: Ask, source: str, stream: str) -> tuple[dict[str, str], Counter[Any]]:
    target = sql.name("lake", source, stream)
    described = ask(f"DESCRIBE {target}")
    columns = {row[0]: row[1] for row in described if row[0] not in OURS | {DELETED}}
    kinds = [*columns.values(), "TIMESTAMP WITH TIME ZONE"]
    asked = [_asked(name, kind) for name, kind in zip([*columns, DELETED], kinds, strict=True)]
    rows = ask(f"SELECT {', '.join(asked)} FROM {target}")  # noqa: S608 - quoted by warehouse.sql
    read = [tuple(map(values.stored, kinds, row)) for row in rows]
    return columns, Counter(
        (*row[:-1], row[-1] if row[-1] is None or row[-1] in NAMED else "now") for row in read
    )


def _asked(name: str, kind: str) -> str:
    quoted = sql.name(name)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"epoch_us({quoted})"
    return f"{quoted}::VARCHAR" if kind in ("DATE", "JSON") else quoted


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
