"""The proved lane: DuckDB types lines whose exactness a template has proved; it checks no more."""

import json

import duckdb
import pyarrow as pa

from warehouse import sql
from warehouse.landing.shape import DELETION, Column, Shape, scale

TIMES = frozenset({"DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ"})


def create(con: duckdb.DuckDBPyConnection, shape: Shape, into: str) -> None:
    """Create temp table `into` for rows of a shape: what all lanes add to."""
    columns = [("_line", "BIGINT"), ("_seq", "BIGINT")]
    columns += [(f"c{i}", column.sql_type) for i, column in enumerate(shape.columns)]
    columns += [("_extracted", "TIMESTAMPTZ"), ("_deleted", "TIMESTAMPTZ"), ("_version", "BIGINT")]
    listed = ", ".join(f"{name} {kind}" for name, kind in (*columns, ("_ok", "BOOLEAN")))
    con.execute(f"CREATE OR REPLACE TEMP TABLE {sql.name(into)} ({listed})")


def read(con: duckdb.DuckDBPyConnection, shape: Shape, lines: pa.Table, into: str) -> list[int]:
    """Add lines that a template has proved exact to temp table `into`; return the others.

    lines: `line`, `seq` and `raw`. What a template cannot know is a date that no calendar has.
    """
    con.register("lines", lines)
    con.execute(f"INSERT INTO {sql.name(into)} BY NAME {_query(shape)}")
    con.unregister("lines")
    unsure = con.execute(f"SELECT _line FROM {sql.name(into)} WHERE NOT _ok").fetchall()  # noqa: S608
    if unsure:
        con.execute(f"DELETE FROM {sql.name(into)} WHERE NOT _ok")  # noqa: S608
    return [row[0] for row in unsure]


def _query(shape: Shape) -> str:
    fields = {column.name: _read_as(column) for column in (*shape.columns, DELETION)}
    structure = {"record": fields, "time_extracted": "VARCHAR", "version": "BIGINT"}
    cut = f"json_transform(raw, {sql.text(json.dumps(structure))})"
    words = [f"cut.record.{sql.name(column.name)}" for column in (*shape.columns, DELETION)]
    values = "".join(
        f", {_typed(column, word)} AS c{i}"
        for i, (column, word) in enumerate(zip(shape.columns, words, strict=False))
    )
    calendar = " AND ".join(
        f"({word} IS NULL OR TRY_CAST({word} AS {column.sql_type}) IS NOT NULL)"
        for column, word in zip((*shape.columns, DELETION), words, strict=True)
        if column.sql_type in TIMES and not column.conflict
    )
    return f"""SELECT line AS _line, seq AS _seq{values},
        TRY_CAST(cut.time_extracted AS TIMESTAMPTZ) AS _extracted,
        TRY_CAST({words[-1]} AS TIMESTAMPTZ) AS _deleted,
        cut.version AS _version, {calendar} AS _ok
    FROM (SELECT line, seq, {cut} AS cut FROM lines)"""  # noqa: S608 - quoted by warehouse.sql


def _read_as(column: Column) -> str:
    if column.conflict:
        return "VARCHAR"
    bare = column.sql_type.partition("(")[0]
    if bare == "DECIMAL":
        # Read through a double, whose digits the template has counted; a wide one is slow to read.
        return f"DECIMAL(18,{scale(column)})"
    return bare if bare in ("BIGINT", "DOUBLE", "BOOLEAN", "JSON") else "VARCHAR"


def _typed(column: Column, word: str) -> str:
    if column.conflict:
        return f"CAST(NULL AS {column.sql_type})"
    match column.sql_type.partition("(")[0]:
        case "JSON":
            return word
        case "BLOB":
            return f"from_base64({word})"
        case "DECIMAL":
            return f"CAST({word} AS {column.sql_type})"
    return f"TRY_CAST({word} AS {column.sql_type})" if column.sql_type in TIMES else word
