"""The parsing lane: DuckDB reads a batch of RECORD lines; what it is unsure of, it leaves.

Only a line that is certainly exact passes. DuckDB's parser takes NaN, Infinity and trailing commas
and reads decimals as doubles, so a line with a sign of these goes to the careful lane instead.
"""

import duckdb
import pyarrow as pa

from warehouse import sql
from warehouse.landing.shape import (
    DECIMAL,
    DELETED_AT,
    DELETION,
    DOUBLE_WHOLE,
    Column,
    Shape,
    scale,
)

# Over-approximate on purpose: a text may hold any of these too, and is then only read slower.
RISKY = "|".join(
    (
        r",\s*[\]}]",  # trailing comma
        r"[:\[,]\s*[-+]?(?i:nan|inf)",  # no JSON number
        r"[:\[,]\s*-?[0-9.]{17}",  # more than the 15 digits that a double keeps
        r"[:\[,]\s*-?[0-9.]+[eE]",  # an exponent
        r"[:\[,]\s*-0\s*[,\]}]",  # minus zero, which would lose its sign
        r"[:\[,]\s*-?0\.0{6}",  # so small that DuckDB writes it back with an exponent
    )
)
KINDS = {
    "string": ("VARCHAR",),
    "integer": ("BIGINT", "UBIGINT"),
    "number": ("BIGINT", "UBIGINT", "DOUBLE"),
    "boolean": ("BOOLEAN",),
    "object": ("OBJECT",),
    "array": ("ARRAY",),
}
DAY = r"\d{4}-\d{2}-\d{2}"
CLOCK = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?"
PATTERNS = {
    "DATE": DAY,
    "TIME": CLOCK,
    "TIMESTAMP": f"{DAY}[T ]{CLOCK}",
    "TIMESTAMPTZ": f"{DAY}[T ]{CLOCK}(Z|[+-](0\\d|1[0-4]):[0-5]\\d)",
    "BLOB": "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
}
# Years 1 and 9999 are left to the careful lane: an offset may carry them out of the calendar.
DATED = "word BETWEEN '0002' AND '9999'"
# An envelope's time without an offset is in UTC, as the session is.
EXTRACTED = PATTERNS["TIMESTAMPTZ"] + "?"


def add_sure(con: duckdb.DuckDBPyConnection, shape: Shape, lines: pa.Table, into: str) -> list[int]:
    """Add those lines to temp table `into` that prove exact as they are parsed; return the others.

    lines: `line`, `seq` and `raw`.
    """
    con.register("lines", lines)
    con.execute(f"CREATE OR REPLACE TEMP TABLE read AS {_query(shape)}")
    con.unregister("lines")
    con.execute(f"INSERT INTO {sql.name(into)} BY NAME FROM read WHERE _ok")
    unsure = con.execute("SELECT _line FROM read WHERE NOT _ok ORDER BY _line").fetchall()
    con.execute("DROP TABLE read")
    return [row[0] for row in unsure]


def _query(shape: Shape) -> str:
    names = [column.name for column in shape.columns]
    paths = _list([_pointer(name) for name in (*names, DELETED_AT)])
    known, allowed = _list(names), _list([*names, DELETED_AT])
    places = range(1, len(names) + 1)
    extracts = "".join(
        f", json_extract(raw, {sql.text(_pointer(column.name))}) AS j{i}"
        for i, column in enumerate(shape.columns)
        if column.sql_type == "JSON"
    )
    oks = [
        _ok(column, i, column.name in shape.keys)
        for i, column in zip(places, shape.columns, strict=True)
    ] + [_ok(DELETION, len(names) + 1, False)]
    values = ", ".join(
        f"{_value(column, i)} AS c{i - 1}" for i, column in zip(places, shape.columns, strict=True)
    )
    deleted = len(names) + 1
    return f"""
WITH valid AS (
    SELECT line, seq, CASE WHEN NOT regexp_matches(raw, {sql.text(RISKY)}) AND json_valid(raw)
        THEN raw END AS raw
    FROM lines
), cut AS (
    SELECT line, seq, json_keys(raw) AS top, json_keys(raw, '/record') AS has,
        json_type(raw, '/record') AS record,
        json_type(raw, {paths}) AS kinds, json_extract_string(raw, {paths}) AS words,
        json_type(raw, '/version') AS version_kind,
        json_extract_string(raw, ['/time_extracted', '/version']) AS envelope{extracts}
    FROM valid
)
SELECT line AS _line, seq AS _seq, {values},
    TRY_CAST(envelope[1] AS TIMESTAMPTZ) AS _extracted,
    TRY_CAST(words[{deleted}] AS TIMESTAMPTZ) AS _deleted,
    CASE WHEN version_kind IN ('BIGINT', 'UBIGINT')
        THEN TRY_CAST(envelope[2] AS BIGINT) END AS _version,
    coalesce(
        record = 'OBJECT' AND len(list_distinct(top)) = len(top)
        AND (has = {known}
            OR (len(list_distinct(has)) = len(has) AND list_has_all({allowed}, has)))
        AND (envelope[1] IS NULL OR (regexp_full_match(envelope[1], {sql.text(EXTRACTED)})
            AND {DATED.replace("word", "envelope[1]")}))
        AND {" AND ".join(oks)}, false) AS _ok
FROM cut"""  # noqa: S608 - every name and text is quoted by warehouse.sql


def _ok(column: Column, place: int, is_key: bool) -> str:
    kind, word = f"kinds[{place}]", f"words[{place}]"
    absent = f"({kind} IS NULL OR {kind} = 'NULL')"
    if column.conflict:
        return absent
    kinds = sorted({name for one in column.kinds for name in KINDS[one]})
    fits = f"{kind} IN ({', '.join(map(sql.text, kinds))})"
    if check := _check(column, word):
        fits = f"({fits} AND {check})"
    may_lack = str(not (column.is_required or is_key)).lower()
    may_be_null = str(not is_key and (column.takes_null or not column.is_required)).lower()
    return (
        f"CASE WHEN {kind} IS NULL THEN {may_lack} WHEN {kind} = 'NULL' THEN {may_be_null} "
        f"ELSE {fits} END"
    )


def _check(column: Column, word: str) -> str:
    """Return what must hold of the text of a value of the right kind."""
    bare = column.sql_type.partition("(")[0]
    castable = f"TRY_CAST({word} AS {column.sql_type}) IS NOT NULL"
    if bare in ("VARCHAR", "BOOLEAN", "JSON"):
        return ""
    if bare in PATTERNS:
        check = f"regexp_full_match({word}, {sql.text(PATTERNS[bare])})"
        if bare == "BLOB":
            return check
        if bare != "TIME":
            check += f" AND {DATED.replace('word', word)}"
        return f"{check} AND {castable}"
    if bare == "BIGINT":
        return f"regexp_full_match({word}, '-?[0-9]+') AND {castable}"
    if bare == "DOUBLE":
        # A decimal of 16 characters has the 15 digits that a double keeps. Below 2**53 a whole
        # number is exact; 2**53 itself may be what the cast made of 2**53 + 1.
        return f"length({word}) <= 16 AND abs(TRY_CAST({word} AS DOUBLE)) < {DOUBLE_WHOLE}"
    fraction = rf"(\.[0-9]{{0,{scale(column)}}}0*)?"
    return (
        f"regexp_full_match({word}, '-?[0-9]+{fraction}') AND {_decimal(column, word)} IS NOT NULL"
    )


def _value(column: Column, place: int) -> str:
    word = f"words[{place}]"
    if column.conflict:
        return f"CAST(NULL AS {column.sql_type})"
    if column.sql_type == "JSON":
        # A JSON null is the null of the column: staging would otherwise meet two of them.
        return f"CASE WHEN kinds[{place}] <> 'NULL' THEN j{place - 1} END"
    if column.sql_type == "VARCHAR":
        return word
    if column.sql_type == "BLOB":
        pattern = sql.text(PATTERNS["BLOB"])
        return f"CASE WHEN regexp_full_match({word}, {pattern}) THEN from_base64({word}) END"
    if DECIMAL.fullmatch(column.sql_type):
        return _decimal(column, word)
    return f"TRY_CAST({word} AS {column.sql_type})"


def _decimal(column: Column, word: str) -> str:
    """Cast a text of at most 16 characters (see RISKY) to a decimal.

    By way of 18 digits, where they do: DuckDB reads a wider decimal a hundred times as slowly.
    """
    narrow = f"TRY_CAST({word} AS DECIMAL(18,{scale(column)}))"
    if scale(column) > 18:
        return f"TRY_CAST({word} AS {column.sql_type})"
    return (
        f"CASE WHEN {narrow} IS NOT NULL THEN TRY_CAST({narrow} AS {column.sql_type})"
        f" ELSE TRY_CAST({word} AS {column.sql_type}) END"
    )


def _pointer(name: str) -> str:
    """Return the JSON pointer (RFC 6901) of a field of the record."""
    return "/record/" + name.replace("~", "~0").replace("/", "~1")


def _list(texts: list[str]) -> str:
    return "[" + ", ".join(sql.text(one) for one in texts) + "]"
