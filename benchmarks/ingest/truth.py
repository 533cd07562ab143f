"""What a target should have stored, read from the file by Python alone; and what differs from it.

No parser, cast or merge is shared with what is measured: lines are read by `json`, numbers as
Decimal, times by datetime, and the last arrival of a key wins.
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.ingest.streams import STREAMS, Stream
from warehouse import sql

CHUNK = 50_000
SCALARS: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, Decimal),
    "boolean": bool,
}
LINES = pa.list_(
    pa.struct(
        [
            ("line", pa.int64()),
            ("sku", pa.string()),
            ("qty", pa.int64()),
            ("unit_price", pa.decimal128(38, 2)),
        ]
    )
)
ADDRESS = pa.struct([(part, pa.string()) for part in ("street", "city", "postcode", "country")])


@dataclass(frozen=True)
class Difference:
    """Rows of a store that are not as they should be.

    lost: keys without a row. stale: rows as an earlier record had them. altered: rows that are
    neither, and which `columns` differ. extra: rows beyond one a key, or of keys never sent.
    """

    rows: int = 0
    lost: int = 0
    stale: int = 0
    altered: int = 0
    extra: int = 0
    columns: tuple[str, ...] = ()

    def __add__(self, other: "Difference") -> "Difference":
        return Difference(
            self.rows + other.rows,
            self.lost + other.lost,
            self.stale + other.stale,
            self.altered + other.altered,
            self.extra + other.extra,
            self.columns + other.columns,
        )

    def __str__(self) -> str:
        said = [
            f"{count:,} {what}"
            for what in ("lost", "stale", "extra", "altered")
            if (count := getattr(self, what))
        ]
        columns = f" ({', '.join(self.columns)})" if self.columns else ""
        return (", ".join(said) + columns) or "all equal"


def read(stream_file: Path) -> Path:
    """Write `<stream>.parquet` and `<stream>.earlier.parquet` beside the file; return the folder.

    Beside the last good record of each key stand the good records that it took the place of.
    """
    folder = stream_file.with_suffix(".truth")
    if folder.exists():
        return folder
    # Lines, not what they parse to, which would take five times the memory.
    last: dict[str, dict[tuple[Any, ...], bytes]] = {name: {} for name in STREAMS}
    earlier: dict[str, list[bytes]] = {name: [] for name in STREAMS}
    with stream_file.open("rb") as file:
        for line in file:
            found = _good(line)
            if found is None:
                continue
            stream, key = found
            if key in last[stream.name]:
                earlier[stream.name].append(last[stream.name][key])
            last[stream.name][key] = line
    aside = folder.with_suffix(".truth.part")
    aside.mkdir(exist_ok=True)
    for name, stream in STREAMS.items():
        _write(stream, iter(last[name].values()), aside / f"{name}.parquet")
        _write(stream, iter(earlier[name]), aside / f"{name}.earlier.parquet")
    return aside.replace(folder)


def difference(con: duckdb.DuckDBPyConnection, truth: Path, stored: dict[str, str]) -> Difference:
    """Compare each stream's relation in `stored` (an SQL expression) with the truth."""
    total = Difference()
    for name, relation in stored.items():
        total += _of_stream(con, STREAMS[name], truth, relation)
    return total


def _of_stream(
    con: duckdb.DuckDBPyConnection, stream: Stream, truth: Path, relation: str
) -> Difference:
    for table, source, is_ours in (
        ("truth", sql.text(str(truth / f"{stream.name}.parquet")), True),
        ("earlier", sql.text(str(truth / f"{stream.name}.earlier.parquet")), True),
        ("stored", relation, False),
    ):
        keys = ", ".join(f"{sql.name(key)} := {sql.name(key)}" for key in stream.keys)
        values = ", ".join(
            f"{_value(sql.name(column), kind, is_ours)} AS {sql.name(column)}"
            for column, kind in stream.types.items()
        )
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT struct_pack({keys}) AS k, "  # noqa: S608
            f"hash(read) AS h, read FROM (SELECT {values} FROM {source}) AS read"
        )
    # A key with several rows counts as equal when one of them is, and the others as extra.
    con.execute("""
        CREATE OR REPLACE TEMP TABLE met AS
        SELECT k, count(*) AS n, bool_or(h IN (SELECT h FROM truth)) AS is_equal,
            bool_or(h IN (SELECT h FROM earlier)) AS is_old,
            k IN (SELECT k FROM truth) AS is_known, any_value(read) AS read
        FROM stored GROUP BY k""")
    counts = con.execute("""
        SELECT (SELECT count(*) FROM stored),
            (SELECT count(*) FROM truth WHERE k NOT IN (SELECT k FROM met)),
            count(*) FILTER (is_known AND NOT is_equal AND is_old),
            count(*) FILTER (is_known AND NOT is_equal AND NOT is_old),
            coalesce(sum(CASE WHEN is_known THEN n - 1 ELSE n END), 0)
        FROM met""").fetchone()
    columns = [
        column
        for column in stream.types
        if con.execute(
            f"SELECT count(*) FROM met JOIN truth USING (k) WHERE NOT is_equal AND NOT is_old "  # noqa: S608
            f"AND met.read.{sql.name(column)} IS DISTINCT FROM truth.read.{sql.name(column)}"
        ).fetchall()
        != [(0,)]
    ]
    rows, lost, stale, altered, extra = map(int, counts or ())
    return Difference(rows, lost, stale, altered, extra, tuple(columns))


def _value(column: str, kind: str, is_ours: bool) -> str:
    # A store that keeps a text for a nested value, a double for a decimal or a time without its
    # zone in UTC is taken at its best: compared as what it reads as.
    if kind.startswith("STRUCT") and not is_ours:
        column = f"TRY_CAST({column} AS JSON)"
    return f"TRY_CAST({column} AS {kind})"


def _good(line: bytes) -> tuple[Stream, tuple[Any, ...]] | None:
    """Return the stream and key of a RECORD that must be loaded; None for any other line."""
    try:
        message = json.loads(line, parse_float=Decimal)
    except ValueError:
        return None
    if not isinstance(message, dict) or message.get("type") != "RECORD":
        return None
    stream, record = STREAMS[message["stream"]], message["record"]
    key = tuple(record.get(column) for column in stream.keys)
    if None in key:
        return None
    for column, declared in stream.properties.items():
        value, kind = record.get(column), declared["type"]
        takes = SCALARS.get(kind if isinstance(kind, str) else kind[0])
        if value is not None and takes is not None:
            is_fit = isinstance(value, takes) and isinstance(value, bool) == (takes is bool)
            if not is_fit:
                return None
    return stream, key


def _write(stream: Stream, lines: Iterator[bytes], path: Path) -> None:
    schema = pa.schema([(column, _arrow(kind)) for column, kind in stream.types.items()])
    times = [column for column, kind in stream.types.items() if kind == "TIMESTAMPTZ"]
    with pq.ParquetWriter(path, schema) as writer:
        while chunk := list(itertools.islice(lines, CHUNK)):
            records = [json.loads(line, parse_float=Decimal)["record"] for line in chunk]
            for record in records:
                for column in times:
                    if record[column] is not None:
                        record[column] = datetime.fromisoformat(record[column])
            writer.write_table(pa.Table.from_pylist(records, schema))


def _arrow(kind: str) -> pa.DataType:
    if kind.startswith("STRUCT"):
        return LINES if kind.endswith("[]") else ADDRESS
    if kind.startswith("DECIMAL"):
        return pa.decimal128(38, int(kind[:-1].partition(",")[2]))
    return {
        "VARCHAR": pa.string(),
        "BIGINT": pa.int64(),
        "BOOLEAN": pa.bool_(),
        "TIMESTAMPTZ": pa.timestamp("us", "UTC"),
    }[kind]
