"""When a table has too many small files, waiting deletes or rows in the catalog.

Each limit is where waiting costs as much as tidying, measured with DuckLake 1.0 on 2 cores.
"""

import contextlib
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from warehouse import sql
from warehouse.catalog import METADATA

# A row in the catalog costs 5-10 µs each time the table is read, one in Parquet 0.02 µs.
INLINED_ROWS = 1_000
# A file costs 5-7 ms in each batch that deletes from its table. Files are merged with those of
# their own size only, so that a row is rewritten once a tier and not once a merge.
FILES_A_TIER = 8
TIERS = (64 << 10, 1 << 20, 16 << 20, 256 << 20)
# A delete that waits costs 1 µs in each later batch that deletes, since DuckLake writes a file's
# deletes anew; a rewrite costs 1.2 µs a row. Their sum is least when the deletes that wait reach
# the square root of 2.4 times the rows times the deletes of a batch, taken as 10,000.
ROOT_OF = 2.4 * 10_000
# Beyond this share, reading the table costs twice what it should.
DELETED_SHARE = 0.5


@dataclass(frozen=True)
class File:
    """A data file of the newest snapshot; `path` is relative to the lake's data folder."""

    path: str
    bytes: int
    rows: int
    deleted: int


@dataclass
class Fill:
    """What a table consists of now."""

    schema: str
    table: str
    inlined: int = 0
    files: list[File] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The table's name with its schema's."""
        return f"{self.schema}.{self.table}"

    @property
    def is_flush_due(self) -> bool:
        """Whether too many rows and deletes are in the catalog."""
        return self.inlined > INLINED_ROWS

    @property
    def is_drop_due(self) -> bool:
        """Whether a file has no row left: DuckLake keeps it when its last deletes were inlined."""
        return any(one.deleted >= one.rows for one in self.files)

    @property
    def is_due(self) -> bool:
        """Whether the table is out of bounds."""
        return self.is_flush_due or self.is_drop_due or bool(self.rewrites())

    def rewrites(self) -> list[File]:
        """Return the files that are to be rewritten as one; none when the table is in bounds."""
        alive = [one for one in self.files if one.deleted < one.rows]
        tiers: dict[int, list[File]] = defaultdict(list)
        for one in alive:
            tiers[sum(one.bytes >= limit for limit in TIERS)].append(one)
        chosen = {
            one
            for tier, those in tiers.items()
            if tier < len(TIERS) and len(those) >= FILES_A_TIER
            for one in those
        }
        rows, deleted = (sum(getattr(f, name) for f in alive) for name in ("rows", "deleted"))
        if deleted > min(math.sqrt(ROOT_OF * rows), DELETED_SHARE * rows):
            # Files without their part of the deletes gain nothing.
            chosen |= {one for one in alive if one.deleted * rows * 2 > deleted * one.rows}
        return [one for one in alive if one in chosen]


_FILES = f"""
    SELECT s.schema_name, t.table_name, t.table_id,
        CASE WHEN t.path_is_relative THEN s.path ELSE '' END || t.path || f.path,
        f.file_size_bytes, f.record_count, coalesce(d.delete_count, 0)
    FROM {METADATA}ducklake_table AS t
    JOIN {METADATA}ducklake_schema AS s ON s.schema_id = t.schema_id
    LEFT JOIN {METADATA}ducklake_data_file AS f
        ON f.table_id = t.table_id AND f.end_snapshot IS NULL
    LEFT JOIN {METADATA}ducklake_delete_file AS d
        ON d.data_file_id = f.data_file_id AND d.end_snapshot IS NULL
    WHERE t.end_snapshot IS NULL AND s.end_snapshot IS NULL
        AND ($schemas IS NULL OR list_contains($schemas, s.schema_name))
    ORDER BY ALL"""  # noqa: S608 - a constant


def measure(con: duckdb.DuckDBPyConnection, schemas: Sequence[str] | None = None) -> list[Fill]:
    """Return what the tables of some schemas, or of all, consist of; it reads the catalog only."""
    fills: dict[int, Fill] = {}
    rows = con.execute(_FILES, {"schemas": list(schemas) if schemas else None}).fetchall()
    for schema, table, table_id, path, size, count, deleted in rows:
        fill = fills.setdefault(table_id, Fill(schema, table))
        if path is not None:
            fill.files.append(File(path, size, count, deleted))
    for table_id, inlined in _inlined(con, fills):
        fills[table_id].inlined += inlined
    return list(fills.values())


def _inlined(
    con: duckdb.DuckDBPyConnection, fills: Mapping[int, Fill]
) -> Iterator[tuple[int, int]]:
    """Yield table ids with how many of their rows, dead ones too, and deletes are inlined."""
    listed = con.execute(f"FROM {METADATA}ducklake_inlined_data_tables").fetchall()
    counts = [
        f"SELECT {table_id}, count(*) FROM {METADATA}{sql.name(name)}"  # noqa: S608
        for table_id, name, _ in listed
        if table_id in fills
    ]
    if counts:
        yield from con.execute(" UNION ALL ".join(counts)).fetchall()
    # DuckLake lists its tables of inlined deletes nowhere, nor does duckdb_tables(), and to ask
    # for one that is not there takes 8 ms; so the changes are asked which there may be.
    changes = con.execute(
        f"""SELECT DISTINCT unnest(regexp_extract_all(changes_made, 'inlined_delete:([0-9]+)', 1))
        FROM {METADATA}ducklake_snapshot_changes"""  # noqa: S608
    ).fetchall()
    for table_id in (int(number) for (number,) in changes):
        if table_id in fills and fills[table_id].files:
            # A delete of a row that is itself inlined is noted in the changes too.
            with contextlib.suppress(duckdb.CatalogException):
                name = f"{METADATA}ducklake_inlined_delete_{table_id}"
                row = con.execute(f"SELECT count(*) FROM {name}").fetchone()  # noqa: S608
                yield table_id, row[0] if row else 0
