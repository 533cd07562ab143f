"""Units held back: raw bytes, reason, place; released when the source sends them again in shape."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

import duckdb
import pyarrow as pa

from warehouse import sql
from warehouse.lake import Lake
from warehouse.landing.gathered import Held
from warehouse.landing.shape import Shape

# What `healed_by` begins with where no load healed a unit, but a person closed it.
DISMISSED = "dismissed: "
COLUMNS = pa.schema(
    [
        ("quarantine_id", pa.string()),
        ("load_id", pa.string()),
        ("batch_id", pa.string()),
        ("source", pa.string()),
        ("stream", pa.string()),
        ("line", pa.int64()),
        ("byte_offset", pa.int64()),
        ("sequence", pa.int64()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("key", pa.string()),
        ("raw", pa.binary()),
        ("overflow", pa.string()),
        ("arrived_at", pa.timestamp("us", tz="UTC")),
    ]
)


def rows(
    held: Iterable[tuple[str, int | None, Held]],
    *,
    source: str,
    load_id: str,
    batch_id: str,
    sequence: int,
    now: datetime,
) -> pa.Table:
    """Turn streams' units into rows of `hub.quarantine`; a unit of a file has its BATCH's line.

    sequence: what is added to a line's number to get the `_sdc_sequence` that it would have had.
    """
    listed = list(held)
    units = [unit for _, _, unit in listed]
    numbers = [unit.line.number for unit in units]
    columns = {
        "quarantine_id": [f"{batch_id}-{number}" for number in numbers],
        "load_id": pa.repeat(load_id, len(listed)),
        "batch_id": pa.repeat(batch_id, len(listed)),
        "source": pa.repeat(source, len(listed)),
        "stream": [stream for stream, _, _ in listed],
        "line": [
            number if origin is None else origin
            for number, (_, origin, _) in zip(numbers, listed, strict=True)
        ],
        "byte_offset": [unit.line.offset for unit in units],
        "sequence": [sequence + number for number in numbers],
        "reason": [unit.reason for unit in units],
        "detail": [_storable(unit.detail) for unit in units],
        "key": [json.dumps(unit.key) if unit.key else None for unit in units],
        "raw": [unit.line.raw for unit in units],
        "overflow": [unit.line.oversize.name if unit.line.oversize else None for unit in units],
        "arrived_at": pa.repeat(pa.scalar(now, COLUMNS.field("arrived_at").type), len(listed)),
    }
    return pa.table(columns, COLUMNS)


def write(con: duckdb.DuckDBPyConnection, units: pa.Table) -> None:
    """Append held units inside the caller's transaction."""
    con.register("held", units)
    con.execute("INSERT INTO lake.hub.quarantine BY NAME FROM held")
    con.unregister("held")


def keyed(con: duckdb.DuckDBPyConnection, source: str) -> set[str]:
    """Return the streams of a source that have units which a row of their key would heal."""
    rows = con.execute(
        """SELECT DISTINCT stream FROM lake.hub.quarantine
        WHERE source = ? AND healed_at IS NULL AND key IS NOT NULL""",
        [source],
    ).fetchall()
    return {row[0] for row in rows}


def heal(
    con: duckdb.DuckDBPyConnection,
    shape: Shape,
    loaded: str,
    *,
    source: str,
    load_id: str,
    now: datetime,
) -> int:
    """Release the units whose key has since been loaded from temp table `loaded`; say how many.

    A unit is released only by a row that came after it.
    """
    about = [source, shape.stream]
    still = "source = ? AND stream = ? AND healed_at IS NULL AND key IS NOT NULL"
    columns = {column.name: (f"c{i}", column) for i, column in enumerate(shape.columns)}
    same = []
    for i, key in enumerate(shape.keys):
        place, column = columns[key]
        text = f"json_extract_string(q.key, '/{i}')"
        same.append(f"TRY_CAST({text} AS {column.sql_type}) = w.{place}")
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE healed AS SELECT DISTINCT q.quarantine_id
        FROM (SELECT * FROM lake.hub.quarantine WHERE {still}) AS q
        JOIN {sql.name(loaded)} AS w ON {" AND ".join(same)}
        WHERE q.sequence IS NULL OR w._seq > q.sequence""",  # noqa: S608
        about,
    )
    row = con.execute(
        """UPDATE lake.hub.quarantine SET healed_at = ?, healed_by = ?
        WHERE quarantine_id IN (SELECT quarantine_id FROM healed)""",
        [now, load_id],
    ).fetchone()
    con.execute("DROP TABLE healed")
    return int(row[0]) if row else 0


def restate(con: duckdb.DuckDBPyConnection, units: Mapping[str, Held]) -> None:
    """Give units, by their ids, the reason that they are held for now."""
    told = {
        "id": list(units),
        "reason": [unit.reason for unit in units.values()],
        "detail": [_storable(unit.detail) for unit in units.values()],
        "key": [json.dumps(unit.key) if unit.key else None for unit in units.values()],
    }
    if not units:
        return
    con.register("told", pa.table({name: pa.array(v, pa.string()) for name, v in told.items()}))
    con.execute(
        """UPDATE lake.hub.quarantine AS q SET reason = told.reason, detail = told.detail,
            key = coalesce(told.key, q.key)
        FROM told WHERE q.quarantine_id = told.id
            AND (q.reason <> told.reason OR q.detail <> told.detail)"""
    )
    con.unregister("told")


def release(
    con: duckdb.DuckDBPyConnection, ids: Iterable[str], *, load_id: str, now: datetime
) -> None:
    """Release units by their ids, inside the caller's transaction."""
    con.register("released", pa.table({"id": pa.array(list(ids), pa.string())}))
    con.execute(
        """UPDATE lake.hub.quarantine SET healed_at = ?, healed_by = ?
        WHERE healed_at IS NULL AND quarantine_id IN (SELECT id FROM released)""",
        [now, load_id],
    )
    con.unregister("released")


def dismiss(lake: Lake, ids: Iterable[str], *, why: str, now: datetime) -> None:
    """Close units that nothing will heal; their bytes are kept, and `healed_by` says why."""
    with lake.lock(purpose="dismiss units"), lake.connect() as con:
        con.execute("BEGIN")
        release(con, ids, load_id=f"{DISMISSED}{why}", now=now)
        lake.commit(con)


def _storable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
