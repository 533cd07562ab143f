"""A batch of one stream: its lines gathered, then read into a temp table or held back."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from warehouse import sql
from warehouse.landing import fast
from warehouse.landing.exact import Careful, read_record
from warehouse.landing.lines import Line
from warehouse.landing.reasons import HeldBackError
from warehouse.landing.shape import Shape
from warehouse.landing.strict_json import Object, parse


@dataclass(frozen=True)
class Limits:
    """What a stream may ask of us before its units are held back."""

    line_bytes: int
    depth: int
    columns: int


@dataclass(frozen=True)
class Held:
    """A unit in quarantine: the line, why, and its key when that can be read."""

    line: Line
    reason: str
    detail: str
    key: list[str] | None = None


@dataclass
class Gathered:
    """The lines of one stream since the last commit."""

    lines: list[Line] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    version: int | None = None

    @property
    def units(self) -> int:
        """Lines that carry, or claim to carry, a record."""
        return len(self.lines) + len(self.held)

    def hold(self, line: Line, error: HeldBackError) -> None:
        """Put a unit in quarantine."""
        self.held.append(Held(line, error.reason, error.detail, error.key))


def read_into(
    con: duckdb.DuckDBPyConnection,
    gathered: Gathered,
    shape: Shape,
    into: str,
    limits: Limits,
    zone: ZoneInfo | None,
) -> None:
    """Read the gathered RECORD lines into temp table `into`; those that fail join `held`."""
    by_number = {line.number: line for line in gathered.lines}
    unsure = _read_fast(con, gathered.lines, shape, into, limits)
    proved: list[tuple[int, Careful]] = []
    for number in unsure:
        line = by_number[number]
        try:
            message = parse(line.raw, max_depth=limits.depth, is_ended=line.is_ended)
            if not isinstance(message, Object):
                raise HeldBackError("not_an_object", "the line is no object")
            proved.append((number, read_record(message, shape, zone)))
        except HeldBackError as error:
            gathered.hold(line, error)
    for number in _add_proved(con, shape, proved, into):
        refused = HeldBackError("type_mismatch", "the lake's type refuses the value")
        gathered.hold(by_number[number], refused)


def _read_fast(
    con: duckdb.DuckDBPyConnection, lines: list[Line], shape: Shape, into: str, limits: Limits
) -> list[int]:
    sure: list[Line] = []
    unsure: list[Line] = []
    for line in lines:
        raw = line.raw
        # More openings than the depth allows: the careful lane counts which are nested.
        deep = raw.count(b"{") + raw.count(b"[") > limits.depth
        (unsure if deep or not _is_utf8(raw) else sure).append(line)
    try:
        numbers, raws = [line.number for line in sure], [line.raw for line in sure]
        left = fast.read_batch(con, shape, numbers, raws, into)
    except duckdb.Error:
        # One line that upsets the parser must not cost the others: all go the careful way.
        left = [line.number for line in sure]
        fast.read_batch(con, shape, [], [], into)
    return sorted([*left, *(line.number for line in unsure)])


def _is_utf8(raw: bytes) -> bool:
    if raw.isascii():
        return True
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _add_proved(
    con: duckdb.DuckDBPyConnection, shape: Shape, proved: list[tuple[int, Careful]], into: str
) -> list[int]:
    """Add the careful lane's rows; return the numbers of those that a cast refuses."""
    if not proved:
        return []
    columns: dict[str, pa.Array] = {"_line": pa.array([number for number, _ in proved], pa.int64())}
    for i in range(len(shape.columns)):
        columns[f"c{i}"] = pa.array([row.values[i] for _, row in proved], pa.string())
    for name, values in (
        ("_extracted", [row.extracted_at for _, row in proved]),
        ("_deleted", [row.deleted_at for _, row in proved]),
        ("_version", [row.version for _, row in proved]),
    ):
        columns[name] = pa.array(values, pa.string())
    con.register("proved", pa.table(columns))
    casts = {
        f"c{i}": f"from_base64(c{i})"
        if column.sql_type == "BLOB"
        else f"TRY_CAST(c{i} AS {column.sql_type})"
        for i, column in enumerate(shape.columns)
    }
    refused = " OR ".join(f"({c} IS NOT NULL AND {cast} IS NULL)" for c, cast in casts.items())
    listed = ", ".join(f"{cast} AS {name}" for name, cast in casts.items())
    con.execute(f"""INSERT INTO {sql.name(into)} BY NAME
        SELECT _line, {listed}, _extracted::TIMESTAMPTZ AS _extracted,
            _deleted::TIMESTAMPTZ AS _deleted, _version::BIGINT AS _version
        FROM proved WHERE NOT ({refused})""")  # noqa: S608
    rows = con.execute(f"SELECT _line FROM proved WHERE {refused}").fetchall()  # noqa: S608
    con.unregister("proved")
    return [row[0] for row in rows]
