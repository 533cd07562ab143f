"""The typed lane: rows that come as Arrow, of a BATCH's Parquet, are cast only where that is exact.

A row that this lane is not sure of is written as a RECORD message and read as any other.
"""

import base64
import json
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from warehouse import sql
from warehouse.landing.fast import KINDS, RISKY
from warehouse.landing.gathered import Gathered, Portion
from warehouse.landing.manifest import wrapped
from warehouse.landing.shape import DECIMAL, DELETED_AT, DELETION, Column, Shape


def read(
    con: duckdb.DuckDBPyConnection,
    shape: Shape,
    portion: Portion,
    into: str,
    *,
    sequence: int,
    depth: int,
) -> list[int]:
    """Add the rows that are exact to temp table `into`; return the indexes of the others.

    sequence: what is added to a row's number. depth: how deep JSON may be nested.
    """
    rows = portion.rows
    everything = list(range(rows.num_rows))
    columns = {column.name: column for column in (*shape.columns, DELETION)}
    given = rows.schema.names
    if len(set(given)) != len(given) or not set(given) <= columns.keys():
        return everything
    if not all(_fits(rows.schema.field(name).type, columns[name]) for name in given):
        return everything
    numbers = np.arange(rows.num_rows, dtype=np.int64) + portion.line
    values = {f"v{i}": rows[name] for i, name in enumerate(given)}
    con.register("arrived", pa.table({"number": numbers, **values}))
    try:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE typed AS {_query(shape, given, sequence, depth)}"
        )
        con.execute(f"INSERT INTO {sql.name(into)} BY NAME FROM typed WHERE _ok")
        left = con.execute("SELECT _line FROM typed WHERE NOT _ok ORDER BY 1").fetchall()
    except duckdb.ConversionException:
        return everything
    finally:
        con.unregister("arrived")
    con.execute("DROP TABLE typed")
    return [row[0] - portion.line for row in left]


def write_out(shape: Shape, gathered: Gathered, indexes: list[int] | None = None) -> None:
    """Make lines of the rows of a file that are not in the table: all, or those at `indexes`."""
    if (portion := gathered.portion) is not None:
        chosen = list(range(portion.rows.num_rows)) if indexes is None else indexes
        rows = portion.rows.take(pa.array(chosen, pa.int64()))
        gathered.take_messages(list(_messages(shape, rows)), chosen)


def _messages(shape: Shape, rows: pa.Table) -> Iterator[str]:
    """Yield rows as RECORD messages, each value as a tap would have written it."""
    kept = {column.name for column in shape.columns if column.sql_type == "JSON"}
    for row in rows.to_pylist():
        pairs = (f"{json.dumps(name)}: {_text(row[name], name in kept)}" for name in row)
        yield wrapped(shape.stream, "{" + ", ".join(pairs) + "}")


def _query(shape: Shape, given: list[str], sequence: int, depth: int) -> str:
    values, oks = [], []
    for i, column in enumerate(shape.columns):
        if column.name not in given:
            values.append(f"CAST(NULL AS {column.sql_type}) AS c{i}")
            oks.append(str(not (column.is_required or column.name in shape.keys)).lower())
            continue
        word = f"v{given.index(column.name)}"
        cast, ok = _value(column, word, depth)
        values.append(f"{cast} AS c{i}")
        may_be_null = column.name not in shape.keys and (
            column.takes_null or not column.is_required
        )
        oks.append(f"CASE WHEN {word} IS NULL THEN {str(may_be_null).lower()} ELSE {ok} END")
    deleted = f"v{given.index(DELETED_AT)}" if DELETED_AT in given else "CAST(NULL AS TIMESTAMPTZ)"
    return f"""SELECT number AS _line, number + {sequence} AS _seq, {", ".join(values)},
        CAST(NULL AS TIMESTAMPTZ) AS _extracted, {deleted} AS _deleted,
        CAST(NULL AS BIGINT) AS _version, coalesce({" AND ".join(oks)}, false) AS _ok
    FROM arrived"""  # noqa: S608 - names are ours


def _value(column: Column, word: str, depth: int) -> tuple[str, str]:
    """Return how a column's value is cast, and what must hold of it."""
    if column.conflict:
        return f"CAST(NULL AS {column.sql_type})", "false"
    if column.sql_type == "JSON":
        kinds = sorted({name for kind in column.kinds for name in KINDS[kind]})
        sound = f"CASE WHEN json_valid({word}) THEN {word} END"
        shallow = f"length({word}) - length(translate({word}, '{{[', '')) <= {depth}"
        listed = ", ".join(map(sql.text, kinds))
        ok = (
            f"(NOT regexp_matches({word}, {sql.text(RISKY)}) AND {shallow}"
            f" AND json_type({sound}) IN ({listed}))"
        )
        return f"CASE WHEN {ok} THEN json({sound}) END", ok
    ok = f"isfinite({word})" if column.sql_type == "DOUBLE" else "true"
    return f"CAST({word} AS {column.sql_type})", ok


def _fits(arrow: pa.DataType, column: Column) -> bool:
    """Say whether every value of an Arrow type is exact in a column."""
    types = pa.types
    bare = column.sql_type.partition("(")[0]
    match bare:
        case "VARCHAR" | "JSON":
            return bool(types.is_string(arrow) or types.is_large_string(arrow))
        case "BIGINT":
            return bool(types.is_integer(arrow) and arrow != pa.uint64())
        case "DOUBLE":
            return bool(types.is_float64(arrow)) and "number" in column.kinds
        case "BOOLEAN":
            return bool(types.is_boolean(arrow))
        case "DATE":
            return bool(types.is_date32(arrow))
        case "TIME":
            return bool(arrow == pa.time64("us"))
        case "TIMESTAMP":
            return arrow in (pa.timestamp("us"), pa.timestamp("ms"), pa.timestamp("s"))
        case "TIMESTAMPTZ":
            return bool(types.is_timestamp(arrow)) and bool(arrow.tz) and arrow.unit != "ns"
        case "BLOB":
            return bool(types.is_binary(arrow) or types.is_large_binary(arrow))
        case "DECIMAL":
            fits = DECIMAL.fullmatch(column.sql_type)
            if not fits or not types.is_decimal128(arrow):
                return False
            precision, scale = int(fits[1]), int(fits[2])
            is_kept = arrow.scale <= scale and arrow.precision - arrow.scale <= precision - scale
            return is_kept and ("number" in column.kinds or arrow.scale == 0)
    return False


def _text(value: Any, is_json: bool) -> str:
    """Return a value as JSON text."""
    match value:
        case str() if is_json:
            try:
                json.loads(value)
            except ValueError:
                return json.dumps(value)
            return value.replace("\n", " ")
        case None | bool() | int() | float() | str():
            return json.dumps(value)
        case Decimal():
            return format(value, "f")
        case datetime() | date() | time():
            return json.dumps(value.isoformat())
        case bytes():
            return json.dumps(base64.b64encode(value).decode())
        case dict():
            pairs = (f"{json.dumps(str(k))}: {_text(v, False)}" for k, v in value.items())
            return "{" + ", ".join(pairs) + "}"
        case list():
            return "[" + ", ".join(_text(item, False) for item in value) + "]"
    return json.dumps(str(value))
