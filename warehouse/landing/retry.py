"""Read units of the quarantine again, by today's contract or schema."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from warehouse import contracted
from warehouse.lake import Lake
from warehouse.landing import message
from warehouse.landing.batch import Limits
from warehouse.landing.commit import Committer, Part
from warehouse.landing.gathered import Again, Gathered
from warehouse.landing.lines import Line
from warehouse.landing.reasons import HeldBackError
from warehouse.landing.settings import Settings
from warehouse.landing.shape import Shape, read_shape
from warehouse.landing.strict_json import parse

UNITS_A_COMMIT = 20_000


@dataclass(frozen=True)
class Retried:
    """What came of units that were read again."""

    tried: int
    healed: int
    held: int


@dataclass(frozen=True)
class _Unit:
    quarantine_id: str
    stream: str
    sequence: int | None
    raw: bytes
    overflow: str | None
    is_ended: bool


def retry(lake: Lake, settings: Settings, units: Sequence[str]) -> Retried:
    """Read held units of one source again; those that are in shape now are loaded, once.

    units: their quarantine ids; those that are not held any more are passed over. A row that a
    newer one of its key has overtaken heals without changing what is stored. Those that stay get
    today's reason. Raises LakeError when another load of the source does not end.
    """
    healed = tried = 0
    with (
        lake.lock_source(settings.source, settings.lock_timeout_s),
        Committer(lake, settings, Limits.of(settings), settings.zone) as committer,
    ):
        for some in _portions(lake, units, settings):
            with lake.connect(read_only=True) as con:
                found = _held(con, settings.source, some)
                shapes = _shapes(con, settings)
            if not found:
                continue
            parts = _parts(lake, found, shapes, settings)
            # Another try is another batch, though of the same units.
            told = json.dumps([settings.load_id, *some])
            digest = hashlib.sha256(told.encode()).hexdigest()
            entries = committer.commit(
                parts, state=None, digest=digest, last_byte=None, is_final=True
            )
            tried += len(found)
            healed += sum(entry.loaded for entry in entries)
        committer.tidy()
    return Retried(tried, healed, tried - healed)


def _portions(lake: Lake, units: Sequence[str], settings: Settings) -> Iterator[list[str]]:
    """Yield the units in portions of as many bytes as a batch has."""
    with lake.connect(read_only=True) as con:
        con.register("wanted", pa.table({"id": pa.array(units, pa.string())}))
        sizes = con.execute(
            """SELECT quarantine_id, octet_length(raw), overflow FROM lake.hub.quarantine
            WHERE source = ? AND healed_at IS NULL AND quarantine_id IN (SELECT id FROM wanted)
            ORDER BY sequence NULLS FIRST, line""",
            [settings.source],
        ).fetchall()
    portion: list[str] = []
    size = 0
    for unit, held, overflow in sizes:
        whole = lake.paths.oversize / overflow if overflow else None
        size += whole.stat().st_size if whole is not None and whole.is_file() else held
        portion.append(unit)
        if size >= settings.batch_bytes or len(portion) >= UNITS_A_COMMIT:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _held(con: duckdb.DuckDBPyConnection, source: str, units: Sequence[str]) -> list[_Unit]:
    con.register("wanted", pa.table({"id": pa.array(units, pa.string())}))
    rows = con.execute(
        """SELECT quarantine_id, stream, sequence, raw, overflow, reason <> 'truncated'
        FROM lake.hub.quarantine WHERE source = ? AND healed_at IS NULL
            AND quarantine_id IN (SELECT id FROM wanted)
        ORDER BY sequence NULLS FIRST, line""",
        [source],
    ).fetchall()
    con.unregister("wanted")
    return [_Unit(*row) for row in rows]


def _shapes(con: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, Shape | HeldBackError]:
    """Return each stream's shape by the source's contract; without one, by its last SCHEMA."""
    contract = contracted.read(settings.source)
    if contract is not None:
        listed: list[tuple[str, Any, Sequence[str]]] = [
            (table.name, table.singer_schema(), table.primary_key) for table in contract.tables
        ]
    else:
        rows = con.execute(
            "SELECT stream, schema::VARCHAR, key_properties::VARCHAR FROM lake.hub.stream"
            " WHERE source = ? AND schema IS NOT NULL",
            [settings.source],
        ).fetchall()
        listed = [(stream, json.loads(schema), json.loads(key)) for stream, schema, key in rows]
    shapes: dict[str, Shape | HeldBackError] = {}
    for stream, schema, key in listed:
        try:
            shapes[stream] = read_shape(stream, schema, list(key), max_columns=settings.max_columns)
        except HeldBackError as error:
            shapes[stream] = error
    return shapes


def _parts(
    lake: Lake,
    units: list[_Unit],
    shapes: Mapping[str, Shape | HeldBackError],
    settings: Settings,
) -> list[Part]:
    found: dict[str, list[tuple[Line, HeldBackError | None, _Unit]]] = {}
    for number, unit in enumerate(units, 1):
        line = Line(number, 0, unit.raw, unit.is_ended)
        try:
            line = _whole(lake, unit, line, settings)
            parsed = parse(
                line.raw, settings.max_depth, settings.max_values, is_ended=line.is_ended
            )
            told = message.classify(parsed)
            if told.type != "RECORD":
                detail = f"a {told.type} is read again when the source sends it"
                raise HeldBackError("unsupported_message", detail)
            shape = shapes.get(told.stream)
            if shape is None:
                raise HeldBackError("no_schema", "no SCHEMA of this stream has come yet")
            if isinstance(shape, HeldBackError):
                raise HeldBackError(shape.reason, f"its SCHEMA: {shape.detail}")
            found.setdefault(told.stream, []).append((line, None, unit))
        except HeldBackError as error:
            found.setdefault(unit.stream, []).append((line, error, unit))
    parts = []
    for stream, listed in found.items():
        ids = {line.number: unit.quarantine_id for line, _, unit in listed}
        sequences = {line.number: unit.sequence or 0 for line, _, unit in listed}
        gathered = Gathered(again=Again(ids, sequences))
        for line, refused, _ in listed:
            if refused is None:
                gathered.add_line(line)
            else:
                gathered.hold(line, refused)
        shape = shapes.get(stream)
        parts.append(Part(stream, shape if isinstance(shape, Shape) else None, None, gathered))
    return parts


def _whole(lake: Lake, unit: _Unit, line: Line, settings: Settings) -> Line:
    if unit.overflow is None:
        return line
    path = lake.paths.oversize / unit.overflow
    if not path.is_file() or path.stat().st_size > settings.max_line_bytes:
        raise HeldBackError("too_large", f"sha256 {unit.overflow}; longer than max_line_bytes")
    return line._replace(raw=path.read_bytes())
