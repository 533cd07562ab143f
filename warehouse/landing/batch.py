"""A batch of one stream: its lines read into a temp table, by the quickest lane that is exact."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa

from warehouse import sql
from warehouse.landing import fast, proved, refusing, typed
from warehouse.landing.exact import Careful, read_record
from warehouse.landing.gathered import Gathered, Slice
from warehouse.landing.lines import Line, Numbers
from warehouse.landing.reasons import HeldBackError
from warehouse.landing.settings import Settings
from warehouse.landing.shape import Shape
from warehouse.landing.strict_json import Object, parse
from warehouse.landing.template import Templates

NONE = np.array([], dtype=np.int64)
PIECE = 20_000


@dataclass(frozen=True)
class Limits:
    """What a stream may ask of us before its units are held back."""

    line_bytes: int
    depth: int
    columns: int
    values: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits that the settings name."""
        return cls(
            settings.max_line_bytes, settings.max_depth, settings.max_columns, settings.max_values
        )


@dataclass(frozen=True)
class Place:
    """Where a line lies: its slice and its index there."""

    part: Slice
    index: int


def read_into(
    con: duckdb.DuckDBPyConnection,
    gathered: Gathered,
    shape: Shape,
    into: str,
    limits: Limits,
    zone: ZoneInfo | None,
    *,
    templates: Templates | None = None,
    sequence: int = 0,
) -> None:
    """Read the gathered RECORD lines into temp table `into`; those that fail join `held`.

    Rows of a BATCH's file are typed at once, and those that are not sure become lines.
    `into` gets `_line`, `_seq`, the shape's columns as c0, c1, ..., `_extracted`, `_deleted` and
    `_version`. sequence: what is added to a line's number.
    """
    templates = templates or Templates(shape)
    proved.create(con, shape, into)
    if (portion := gathered.portion) is not None:
        left = typed.read(con, shape, portion, into, sequence=sequence, depth=limits.depth)
        typed.write_out(shape, gathered, left)
    gathered.join()
    sure = [templates.exact(part.texts) for part in gathered.slices]
    unsure = _read_proved(con, gathered, sure, shape, into, sequence)
    others = [~mask for mask in sure]
    _refuse(gathered, others, shape, limits)
    careful = _read_parsed(con, gathered, others, shape, into, limits, sequence)
    careful += _places(gathered.slices, unsure)
    read: list[tuple[Place, Careful]] = []
    for place in careful:
        line = place.part.line(place.index)
        try:
            message = parse(line.raw, limits.depth, limits.values, is_ended=line.is_ended)
            if not isinstance(message, Object):
                raise HeldBackError("not_an_object", "the line is no object")
            read.append((place, read_record(message, shape, zone)))
        except HeldBackError as error:
            gathered.refuse(line, error)
    for place in _add_careful(con, gathered, shape, read, into, sequence):
        refused = HeldBackError("type_mismatch", "the lake's type refuses the value")
        gathered.refuse(place.part.line(place.index), refused)
    gathered.slices = []


def _read_proved(
    con: duckdb.DuckDBPyConnection,
    gathered: Gathered,
    sure: list[np.ndarray],
    shape: Shape,
    into: str,
    sequence: int,
) -> list[int]:
    lines = _table(gathered, sure, sequence)
    if not lines.num_rows:
        return []
    try:
        return proved.read(con, shape, lines, into)
    except duckdb.Error:
        # What a template lets pass and DuckDB refuses must not cost the others.
        return [int(number) for number in lines["line"].to_numpy()]


def _refuse(gathered: Gathered, others: list[np.ndarray], shape: Shape, limits: Limits) -> None:
    """Hold back the lines that are certainly not in shape, and take them from `others`."""
    for part, mask in zip(gathered.slices, others, strict=True):
        indexes = np.flatnonzero(mask)
        raws = part.texts.take(pa.array(indexes)).cast(pa.binary()).to_pylist()
        found = refusing.refused(raws, shape, depth=limits.depth, values=limits.values)
        for at, error in found.items():
            index, raw = int(indexes[at]), raws[at]
            number, offset = int(part.numbers[index]), int(part.offsets[index])
            line = Line(number, offset, raw.removesuffix(b"\n"), raw.endswith(b"\n"))
            gathered.refuse(line, error)
            mask[index] = False


def _read_parsed(
    con: duckdb.DuckDBPyConnection,
    gathered: Gathered,
    others: list[np.ndarray],
    shape: Shape,
    into: str,
    limits: Limits,
    sequence: int,
) -> list[Place]:
    """Read what no template knew; return the lines that this lane is unsure of."""
    deep: list[Place] = []
    for part, mask in zip(gathered.slices, others, strict=True):
        for index in np.flatnonzero(mask):
            raw = part.texts[int(index)].as_py()
            # More openings than the depth allows: the careful lane counts which are nested.
            if raw.count("{") + raw.count("[") > limits.depth:
                mask[index] = False
                deep.append(Place(part, int(index)))
    lines = _table(gathered, others, sequence)
    if not lines.num_rows:
        return deep
    try:
        left = fast.add_sure(con, shape, lines, into)
    except duckdb.Error:
        # One line that upsets the parser must not cost the others: all go the careful way.
        left = [int(number) for number in lines["line"].to_numpy()]
    return deep + _places(gathered.slices, left)


def _table(gathered: Gathered, masks: list[np.ndarray], sequence: int) -> pa.Table:
    texts: list[pa.Array] = []
    numbers: list[Numbers] = [NONE]
    for part, mask in zip(gathered.slices, masks, strict=True):
        if mask.all():
            # DuckDB reads the pieces of a column side by side.
            count = len(part.numbers)
            texts += [part.texts.slice(at, PIECE) for at in range(0, count, PIECE)]
            numbers.append(part.numbers)
        elif mask.any():
            texts.append(part.texts.filter(pa.array(mask)))
            numbers.append(part.numbers[mask])
    line = np.concatenate(numbers)
    sequences = gathered.sequences(line, sequence)
    raw = pa.chunked_array(texts, pa.string())
    return pa.table({"line": line, "seq": sequences, "raw": raw})


def _places(slices: list[Slice], numbers: Iterable[int]) -> list[Place]:
    """Find lines by their numbers."""
    wanted = np.sort(np.fromiter(numbers, dtype=np.int64))
    found = []
    for part in slices if len(wanted) else []:
        found += [Place(part, int(i)) for i in np.flatnonzero(np.isin(part.numbers, wanted))]
    return found


def _add_careful(
    con: duckdb.DuckDBPyConnection,
    gathered: Gathered,
    shape: Shape,
    read: list[tuple[Place, Careful]],
    into: str,
    sequence: int,
) -> list[Place]:
    """Add the careful lane's rows; return the places of those that a cast refuses."""
    if not read:
        return []
    numbers = np.array([place.part.numbers[place.index] for place, _ in read], dtype=np.int64)
    columns: dict[str, pa.Array] = {
        "_line": pa.array(numbers),
        "_seq": pa.array(gathered.sequences(numbers, sequence)),
    }
    for i in range(len(shape.columns)):
        columns[f"c{i}"] = pa.array([row.values[i] for _, row in read], pa.string())
    for name, values in (
        ("_extracted", [row.extracted_at for _, row in read]),
        ("_deleted", [row.deleted_at for _, row in read]),
        ("_version", [row.version for _, row in read]),
    ):
        columns[name] = pa.array(values, pa.string())
    con.register("careful", pa.table(columns))
    casts = {
        f"c{i}": f"from_base64(c{i})"
        if column.sql_type == "BLOB"
        else f"TRY_CAST(c{i} AS {column.sql_type})"
        for i, column in enumerate(shape.columns)
    }
    refused = " OR ".join(f"({c} IS NOT NULL AND {cast} IS NULL)" for c, cast in casts.items())
    listed = ", ".join(f"{cast} AS {name}" for name, cast in casts.items())
    con.execute(f"""INSERT INTO {sql.name(into)} BY NAME
        SELECT _line, _seq, {listed}, _extracted::TIMESTAMPTZ AS _extracted,
            _deleted::TIMESTAMPTZ AS _deleted, _version::BIGINT AS _version
        FROM careful WHERE NOT ({refused})""")  # noqa: S608
    rows = con.execute(f"SELECT _line FROM careful WHERE {refused}").fetchall()  # noqa: S608
    con.unregister("careful")
    by_number = {int(number): place for number, (place, _) in zip(numbers, read, strict=True)}
    return [by_number[row[0]] for row in rows]
