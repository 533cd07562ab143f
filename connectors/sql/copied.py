"""What COPY is asked for each column, so that Arrow reads what the record would say."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from pyarrow import csv
from sqlalchemy.dialects import postgresql

from connectors.sql import exact

Text = sa.ColumnElement[Any]
_ODD = "_is_odd"
_JSON_KINDS = ("object", "array")


@dataclass(frozen=True)
class Piece:
    """A column in a COPY: what to select, which values are odd, and how to read the text."""

    name: str
    select: Text
    odd: sa.ColumnElement[bool] | None
    read_as: pa.DataType
    finish: Callable[[pa.Array], pa.Array] | None = None


def pieces(
    columns: Mapping[str, sa.ColumnClause[Any]],
    properties: Mapping[str, Mapping[str, Any]],
    zone: ZoneInfo | None,
) -> list[Piece] | None:
    """Return a piece for each column; None where one of them is not certain to be exact."""
    found: list[Piece] = []
    for name, schema in properties.items():
        piece = _piece(name, columns[name], schema, zone)
        if piece is None:
            return None
        found.append(piece)
    return found


def statement(query: Callable[..., sa.Select[Any]], of: Sequence[Piece], *, is_sorted: bool) -> str:
    """Write the SELECT of a COPY: odd values as null, and last whether the row has any."""
    columns = [
        (piece.select if piece.odd is None else sa.case((piece.odd, sa.null()), else_=piece.select))
        for piece in of
    ]
    is_odd = sa.func.coalesce(any_odd(of), sa.false())
    # Another paramstyle would double each % of a name.
    dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    asked = query(*(column.label(None) for column in [*columns, is_odd]), is_sorted=is_sorted)
    return str(asked.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def any_odd(of: Sequence[Piece]) -> sa.ColumnElement[bool]:
    """Say in SQL that a row holds an odd value."""
    return sa.or_(sa.false(), *(piece.odd for piece in of if piece.odd is not None))


def read(block: bytearray, of: Sequence[Piece], schema: pa.Schema) -> tuple[pa.RecordBatch, int]:
    """Read a block of CSV, whole rows; return those without odd values, and how many have some."""
    names = [f"c{place}" for place in range(len(of))]
    table = csv.read_csv(
        pa.py_buffer(block),
        # One block, so that no row lies across an edge.
        read_options=csv.ReadOptions(
            column_names=[*names, _ODD], block_size=len(block) + 1, use_threads=False
        ),
        parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types=dict(zip(names, (piece.read_as for piece in of), strict=True))
            | {_ODD: pa.bool_()},
            null_values=[""],  # COPY writes an empty text as "" and a null as nothing
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    is_odd = table.column(_ODD).combine_chunks()
    if is_odd.true_count:
        table = table.filter(pc.invert(is_odd))
    arrays = []
    for place, piece in enumerate(of):
        texts = table.column(place).combine_chunks()
        kind = schema.field(place).type
        arrays.append(piece.finish(texts) if piece.finish else texts.cast(kind))
    return pa.RecordBatch.from_arrays(arrays, schema=schema), is_odd.true_count


def _piece(
    name: str, column: sa.ColumnClause[Any], schema: Mapping[str, Any], zone: ZoneInfo | None
) -> Piece | None:
    lake = exact.lake_type(schema)
    decimal = exact.DECIMAL.fullmatch(lake or "")
    match column.type, "DECIMAL" if decimal else lake:
        case (sa.Boolean(), "BOOLEAN"):
            return Piece(name, column, None, pa.bool_())
        case (sa.Integer(), "BIGINT"):
            return Piece(name, column, None, pa.int64())
        case (sa.Float(), "DOUBLE"):
            return Piece(name, column, _is_no_number(column), pa.float64())
        case (sa.Numeric(), "DOUBLE"):
            return _numeric_as_double(name, column)
        case (sa.Numeric(), "DECIMAL") if decimal and not isinstance(column.type, sa.Float):
            return _numeric(name, column, int(decimal[1]), int(decimal[2]))
        case (sa.DateTime(timezone=True), "TIMESTAMPTZ"):
            return _moment(name, column, sa.func.timezone("UTC", column))
        case (sa.DateTime(timezone=False), "TIMESTAMPTZ") if zone and zone.key == "UTC":
            return _moment(name, column, column)
        case (sa.DateTime(timezone=False), "TIMESTAMP") if zone is None:
            return _moment(name, column, column)
        case (sa.Date(), "DATE"):
            return Piece(name, column, _outside(column, "date"), pa.date32())
        case (sa.String() | sa.Uuid(), "VARCHAR"):
            return Piece(name, column, None, pa.string())
        case (sa.LargeBinary(), "BLOB"):
            return Piece(name, column, None, pa.string(), _bytes)
        case (sa.LargeBinary(), exact.BASE64):
            return Piece(name, column, None, pa.string(), _base64)
        case (postgresql.JSONB(), "JSON"):
            return _json(name, column, schema)
    return None


def _is_no_number(column: Text) -> sa.ColumnElement[bool]:
    return column.in_([sa.literal_column(f"'{word}'") for word in ("NaN", "Infinity", "-Infinity")])


def _numeric(name: str, column: sa.ColumnClause[Any], precision: int, scale: int) -> Piece:
    has: Any = column.type
    odd = column == sa.literal_column("'NaN'")
    if (
        has.precision is None
        or has.scale is None
        or not (has.scale <= scale and has.precision - has.scale <= precision - scale)
    ):
        # NaN is above every number here: https://www.postgresql.org/docs/current/datatype-numeric.html
        beyond = sa.func.abs(column) >= sa.literal_column(f"1e{precision - scale}::numeric")
        odd = sa.or_(beyond, column != sa.func.round(column, scale))
    select = sa.cast(column, sa.Numeric(precision, scale))
    return Piece(name, select, odd, pa.decimal128(precision, scale))


def _numeric_as_double(name: str, column: sa.ColumnClause[Any]) -> Piece:
    """A decimal is exact in a double when the double's shortest text is the same number."""
    size = sa.func.abs(column)
    double: Text = sa.cast(column, sa.Double())
    back = sa.cast(sa.cast(double, sa.Text()), sa.Numeric())
    odd = sa.case(
        (column == sa.literal_column("0"), sa.false()),
        # Beyond these, also NaN, the cast itself would fail.
        (size >= sa.literal_column("1e300::numeric"), sa.true()),
        (size < sa.literal_column("1e-300::numeric"), sa.true()),
        else_=back != column,
    )
    return Piece(name, double, odd, pa.float64())


def _moment(name: str, column: Text, select: Text) -> Piece:
    return Piece(name, select, _outside(column, "timestamp"), pa.timestamp("us"))


def _outside(column: Text, kind: str) -> sa.ColumnElement[bool]:
    """Infinity, and the calendar's edges, out of which an offset may carry."""
    first: Text = sa.literal_column(f"'0002-01-03'::{kind}")
    last: Text = sa.literal_column(f"'9998-12-29'::{kind}")
    return sa.or_(column < first, column > last)


def _json(name: str, column: Text, schema: Mapping[str, Any]) -> Piece:
    # A JSON null is the null of the column, as psycopg and SQLAlchemy read it.
    value = sa.func.nullif(column, sa.literal_column("'null'::jsonb"))
    taken: list[Text] = [
        sa.literal_column(f"'{kind}'") for kind in _JSON_KINDS if kind in schema["type"]
    ]
    return Piece(name, value, sa.func.jsonb_typeof(value).not_in(taken), pa.string())


def _bytes(hexes: pa.Array) -> pa.Array:
    """Read bytea as the server writes it: \\x, then two digits a byte."""
    values = [None if text is None else bytes.fromhex(text[2:]) for text in hexes.to_pylist()]
    return pa.array(values, pa.binary())


def _base64(hexes: pa.Array) -> pa.Array:
    values = _bytes(hexes).to_pylist()
    texts = [None if raw is None else base64.b64encode(raw).decode() for raw in values]
    return pa.array(texts, pa.string())
